/** A dotted path; a dot or backslash inside a key is escaped by a backslash. */
export type Path = string

/**
 * Returns the path of a list of keys: the keys joined by dots, with a backslash before every dot and
 * backslash inside a key. Every list of at least one key has exactly one path; the empty string is the path
 * of the empty key. The document itself has no path.
 */
export function joinPath(segments: readonly string[]): Path {
  return segments.map(escapeSegment).join('.')
}

/** Returns a key as it is written in a path. */
export function escapeSegment(key: string): string {
  return key.includes('.') || key.includes('\\') ? key.replace(/[.\\]/g, '\\$&') : key
}

/**
 * The inverse of {@link joinPath}. It never fails: the character after a backslash stands for itself, and so
 * does a backslash at the very end.
 */
export function splitPath(path: Path): readonly string[] {
  if (!path.includes('\\')) return path.split('.')
  const segments: string[] = []
  let segment = ''
  for (let at = 0; at < path.length; at++) {
    const char = path.charAt(at)
    if (char === '.') {
      segments.push(segment)
      segment = ''
    } else if (char === '\\' && at + 1 < path.length) {
      at++
      segment += path.charAt(at)
    } else {
      segment += char
    }
  }
  segments.push(segment)
  return segments
}
