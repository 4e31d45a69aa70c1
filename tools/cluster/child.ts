import type { Subprocess } from 'bun'
import type { Environment } from '../../src/cli/server-address.ts'

/** A process that was started, and what it has said. */
export type Child = {
  readonly pid: number
  /** The exit code, or 128 and the signal's number. */
  readonly exited: Promise<number>
  /** Everything written so far to stdout and stderr, newest at the end; only the last part of much. */
  readonly output: () => string
  /**
   * The first line, of those said already or to come, for which `read` answers something else than null;
   * rejects when the process ends before.
   */
  line<T>(read: (line: string) => T | null): Promise<T>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

export type ChildOptions = {
  readonly command: readonly string[]
  readonly environment?: Environment
  /** Hears every line of both outputs. */
  readonly onLine?: (line: string) => void
}

/** Starts a process in a session of its own, so that Ctrl-C on the terminal reaches only who started it. */
export function startChild({ command, environment, onLine }: ChildOptions): Child {
  const process: Subprocess<'ignore', 'pipe', 'pipe'> = Bun.spawn([...command], {
    ...(environment === undefined ? {} : { env: environment }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  const take = (line: string) => {
    lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
    onLine?.(line)
    for (const listener of [...listeners]) listener(line)
  }
  const read = Promise.all([readLines(process.stdout, take), readLines(process.stderr, take)])
  return {
    pid: process.pid,
    exited: process.exited,
    output: () => lines.join('\n'),
    line: (match) =>
      new Promise((resolve, reject) => {
        const listener = (line: string) => {
          const found = match(line)
          if (found === null) return false
          listeners.delete(listener)
          resolve(found)
          return true
        }
        if (lines.some(listener)) return
        listeners.add(listener)
        // A child of the child may hold the outputs open, so their end says nothing.
        process.exited.then(async (code) => {
          await Promise.race([read, Bun.sleep(OUTPUT_TIMEOUT)])
          reject(new Error(`${command[0]} ended with ${code}: ${lines.slice(-10).join('\n')}`))
        })
      }),
    stop(signal = 'SIGTERM') {
      process.kill(signal)
      return process.exited
    },
  }
}

const KEPT_LINES = 1_000
/** For the rest of the output of a program that has ended, ms. */
const OUTPUT_TIMEOUT = 500

async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) take(line)
  }
  if (rest !== '') take(rest)
}
