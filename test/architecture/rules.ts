import {
  isCallExpression,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  isTemplateExpression,
} from 'typescript/unstable/ast'
import { type SyntaxTree, walk } from './syntax.ts'

/** The number of a rule: the letter of its chapter and its place in it, as in `P-12`. */
const NUMBER = /\b[A-Z]-\d+\b/g

/**
 * Returns the numbers of the rules that a document gives, in its order. A rule is an item that begins with
 * its number in bold.
 */
export function rulesOf(document: string): readonly string[] {
  return [...document.matchAll(/^- \*\*([A-Z]-\d+)\*\*/gm)].flatMap(([, number]) => number ?? [])
}

/** Returns the numbers of rules that the titles of a file's tests and groups of tests carry. */
export function rulesTested(tree: SyntaxTree): readonly string[] {
  const found: string[] = []
  walk(tree, (node) => {
    if (!isCallExpression(node) || !/^(test|describe)\b/.test(node.expression.getText())) return
    const [title] = node.arguments
    if (title === undefined) return
    const isText =
      isStringLiteral(title) || isNoSubstitutionTemplateLiteral(title) || isTemplateExpression(title)
    if (isText) found.push(...(title.getText().match(NUMBER) ?? []))
  })
  return found
}
