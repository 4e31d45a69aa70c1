/**
 * Returns true if a text has `word` as a word of its own, or as a part of a name in camelCase, PascalCase,
 * kebab-case or CONSTANT_CASE (`rewardsRoutes`, `RewardsStore`, `rewards-store`, `REWARDS_RULES`), but not
 * within a longer word.
 */
export function hasWord(text: string, word: string): boolean {
  const pascal = `${word.charAt(0).toUpperCase()}${word.slice(1)}`
  const plain = `(?<![A-Za-z])${word}(?![a-z])`
  const inside = `${pascal}(?![a-z])`
  const shouted = `(?<![A-Za-z])${word.toUpperCase()}(?![A-Za-z])`
  return new RegExp(`${plain}|${inside}|${shouted}`).test(text)
}
