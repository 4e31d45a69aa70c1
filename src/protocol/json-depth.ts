/**
 * Returns whether JSON text has more than `depth` levels of arrays and objects. Looks at each character once
 * at most, builds nothing, and stops at the first level that is too many, where a parser would go through the
 * whole text. For text that is not JSON the answer means nothing, but comes as fast.
 */
export function isNestedDeeperThan(text: string, depth: number): boolean {
  if (!hasMoreBracketsThan(text, depth)) return false
  let level = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        level++
        if (level > depth) return true
        break
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        level--
        break
    }
  }
  return false
}

/** Most messages have few brackets, and the platform finds those faster than a loop over the characters. */
function hasMoreBracketsThan(text: string, count: number): boolean {
  let found = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      found++
      if (found > count) return true
    }
  }
  return false
}

/** Returns the index of the quotation mark that ends the string at `start`, or the length of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

/** Whether an odd number of backslashes comes before the character. */
function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === BACKSLASH) first--
  return (at - first) % 2 === 1
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
