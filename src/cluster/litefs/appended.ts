import { closeSync, openSync, readSync, truncateSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'

/** How often the file is looked at. */
const LOOK: Millis = 100
/** Beyond so many bytes the file begins anew. */
const MOST_BYTES = 1024 * 1024

/**
 * Hands on, line by line, what other processes append to a file from now on, and keeps the file short. Answers how to stop, which reads what is
 * there by then.
 */
export function readAppended(path: string, take: (line: string) => void): () => void {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(16 * 1024)
  const decoder = new TextDecoder()
  let rest = ''
  let position = 0

  const read = () => {
    const length = readSync(file, buffer, 0, buffer.length, position)
    position += length
    return length
  }
  const look = (): void => {
    for (let length = read(); length > 0; length = read()) {
      const lines = (rest + decoder.decode(buffer.subarray(0, length), { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') take(line)
    }
    if (position < MOST_BYTES) return
    // Whoever appends goes on at the new end.
    truncateSync(path)
    position = 0
  }
  // What was said before is known, or of nobody's interest any more.
  while (read() > 0) {}
  const timer = setInterval(look, LOOK)
  timer.unref()
  return () => {
    clearInterval(timer)
    look()
    if (rest !== '') take(rest)
    closeSync(file)
  }
}
