import { closeSync, openSync, readSync, truncateSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'

/** How often a log is looked at. */
const LOOK: Millis = 100
/** Beyond so many bytes, all of them read, it begins anew. */
const MOST_BYTES = 1024 * 1024
const PIECE = 64 * 1024

/** Begins a log that a program is given for its outputs: a descriptor to hand over and close. */
export function beginLog(path: string): number {
  closeSync(openSync(path, 'w'))
  // Only with `a` does whoever writes on go on at the end of a log that begins anew.
  return openSync(path, 'a')
}

/**
 * Hands on every line of a log that somebody else writes, in a file and not through a pipe: a pipe whose
 * reader dies ends the writer at its next word. Starts at its beginning, or at its present end; one that is
 * not there has no lines. The result reads what is left and ends it.
 */
export function followLog(path: string, from: 'beginning' | 'end', take: (line: string) => void): () => void {
  const buffer = Buffer.alloc(PIECE)
  const decoder = new TextDecoder()
  let rest = ''
  let at = 0

  /** Answers whether there may be more. */
  function readOn(file: number, hear: boolean): boolean {
    const length = readSync(file, buffer, 0, PIECE, at)
    at += length
    if (hear) {
      const lines = (rest + decoder.decode(buffer.subarray(0, length), { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') take(line)
    }
    return length === PIECE
  }

  function look(hear: boolean): void {
    try {
      const file = openSync(path, 'r')
      try {
        while (readOn(file, hear)) {}
      } finally {
        closeSync(file)
      }
      if (at <= MOST_BYTES) return
      truncateSync(path)
      at = 0
    } catch {
      // Not there, or not to be read: a server does not end for what its LiteFS says.
    }
  }

  if (from === 'end') look(false)
  const timer = setInterval(() => look(true), LOOK)
  // A program whose only work left is to listen may end.
  timer.unref()
  return () => {
    clearInterval(timer)
    look(true)
    if (rest !== '') take(rest)
  }
}
