import {
  isArrayLiteralExpression,
  isCallExpression,
  isPropertyAccessExpression,
  isSpreadElement,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { lineFinder, type Node, type SyntaxTree, walk } from './syntax.ts'

/** What says nothing by itself when a test fails. */
const BARE: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.PrefixUnaryExpression,
  SyntaxKind.BinaryExpression,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.ArrayLiteralExpression,
])

/**
 * Finds asserts such as `expect([lost, count()]).toEqual([[], 19])`: a failure shows numbers whose meaning
 * stands only in the code. Separate asserts, or an object with named fields, say it.
 */
export function tupleAsserts(tree: SyntaxTree): readonly { readonly line: number; readonly text: string }[] {
  const lineAt = lineFinder(tree.text)
  const found: { readonly line: number; readonly text: string }[] = []
  walk(tree, (node) => {
    if (!isTupleAssert(node)) return
    const start = node.getStart(tree)
    const text = tree.text.slice(start, node.end).replaceAll(/\s+/g, ' ')
    found.push({ line: lineAt(start) + 1, text })
  })
  return found
}

function isTupleAssert(node: Node): boolean {
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return false
  if (!/^to(Strict)?Equal$/.test(node.expression.name.text)) return false
  const left = node.expression.expression
  const call = isPropertyAccessExpression(left) ? left.expression : left
  if (!isCallExpression(call) || call.expression.getText() !== 'expect') return false
  const [actual, expected] = [call.arguments[0], node.arguments[0]]
  if (actual === undefined || !isArrayLiteralExpression(actual) || actual.elements.length < 2) return false
  if (expected === undefined || !isArrayLiteralExpression(expected)) return false
  return !actual.elements.every(isSpreadElement) && expected.elements.some(({ kind }) => BARE.has(kind))
}
