import {
  isFunctionDeclaration,
  isMethodDeclaration,
  isPropertyAssignment,
  isVariableDeclaration,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { lineFinder, type Node, type SyntaxTree, walk } from './syntax.ts'

/** One function: `lines` with the functions inside it, `ownLines` without them. */
export type FunctionLength = {
  readonly name: string
  /** Its first line, counted from 1. */
  readonly line: number
  readonly lines: number
  readonly ownLines: number
}

const FUNCTIONS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.Constructor,
])

/**
 * Returns the length of each function of a file. A line belongs to the innermost function that it begins in.
 */
export function functionLengths(tree: SyntaxTree): readonly FunctionLength[] {
  const begins = lineBegins(tree.text)
  const lineAt = lineFinder(tree.text)
  const found: FunctionLength[] = []
  walk(tree, (node) => {
    if (!FUNCTIONS.has(node.kind)) return
    const start = node.getStart(tree)
    const first = lineAt(start)
    const last = lineAt(node.end)
    const inner = innerFunctions(node).map((each) => [each.getStart(tree), each.end] as const)
    const isInner = (begin: number): boolean => inner.some(([from, to]) => from <= begin && begin < to)
    const innerLines = begins.slice(first + 1, last + 1).filter(isInner).length
    const lines = last - first + 1
    found.push({ name: nameOf(node), line: first + 1, lines, ownLines: lines - innerLines })
  })
  return found
}

/** Returns the outermost functions inside of a function. */
function innerFunctions(node: Node): readonly Node[] {
  const found: Node[] = []
  const look = (parent: Node): void =>
    void parent.forEachChild((child) => {
      if (FUNCTIONS.has(child.kind)) found.push(child)
      else look(child)
    })
  look(node)
  return found
}

/** Returns the position of the first character of each line that is not a space. */
function lineBegins(text: string): readonly number[] {
  let position = 0
  return text.split('\n').map((line) => {
    const begin = position + line.length - line.trimStart().length
    position += line.length + 1
    return begin
  })
}

function nameOf(node: Node): string {
  if (isFunctionDeclaration(node) || isMethodDeclaration(node)) return node.name?.getText() ?? 'default'
  const { parent } = node
  if (isVariableDeclaration(parent) || isPropertyAssignment(parent)) return parent.name.getText()
  return 'an unnamed function'
}
