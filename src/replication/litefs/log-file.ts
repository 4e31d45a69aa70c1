import { closeSync, openSync, readSync, truncateSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'

/** How often a log is read. */
const POLL_INTERVAL: Millis = 100
/** A log with more bytes, all of them read, begins anew. */
const MAX_BYTES = 1024 * 1024
/** Bytes that are read at once. */
const CHUNK_BYTES = 64 * 1024

/** Begins a log for the outputs of a program. Returns a descriptor, to hand over and then to close. */
export function beginLog(path: string): number {
  closeSync(openSync(path, 'w'))
  // Only with `a` does the program go on writing at the end of a log that begins anew.
  return openSync(path, 'a')
}

/**
 * Calls `onLine` with every line of a log that another program writes. It is a file and not a pipe: a pipe
 * whose reader dies ends the writer at its next write. Starts at the beginning of the log, or at its present
 * end; a log that does not exist has no lines. Returns a function that reads the rest and ends it.
 */
export function followLog(
  path: string,
  from: 'beginning' | 'end',
  onLine: (line: string) => void,
): () => void {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  const decoder = new TextDecoder()
  let rest = ''
  let at = 0

  /** Returns true if there may be more. */
  function readChunk(file: number, isWanted: boolean): boolean {
    const length = readSync(file, buffer, 0, CHUNK_BYTES, at)
    at += length
    if (isWanted) {
      const lines = (rest + decoder.decode(buffer.subarray(0, length), { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') onLine(line)
    }
    return length === CHUNK_BYTES
  }

  function readOn(isWanted: boolean): void {
    try {
      const file = openSync(path, 'r')
      try {
        while (readChunk(file, isWanted)) {}
      } finally {
        closeSync(file)
      }
      if (at <= MAX_BYTES) return
      truncateSync(path)
      at = 0
    } catch {
      // It does not exist, or cannot be read: a server goes on without the log of its LiteFS.
    }
  }

  if (from === 'end') readOn(false)
  const timer = setInterval(() => readOn(true), POLL_INTERVAL)
  // A program that has nothing else to do may end.
  timer.unref()
  return () => {
    clearInterval(timer)
    readOn(true)
    if (rest !== '') onLine(rest)
  }
}
