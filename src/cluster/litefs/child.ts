import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'

/** A LiteFS that runs, started by us or found. */
export type LitefsProcess = {
  readonly pid: number
  /** Resolves when it has ended, with how and with the last lines that it said. Never rejects. */
  readonly exited: Promise<{ readonly how: string; readonly lines: readonly string[] }>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type ChildParts = {
  readonly binary: string
  /** LiteFS's configuration file. */
  readonly file: string
  /** Remembers the process, so that a server that was killed finds its LiteFS again. */
  readonly pidFile: string
  readonly logger: Logger
}

/** Lines that are kept to say why it ended. */
const LAST_LINES = 5

/** Starts `litefs mount`. Throws when there is no such program. */
export function startLitefs({ binary, file, pidFile, logger }: ChildParts): LitefsProcess {
  const child = Bun.spawn([binary, 'mount', '-config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  writeFileSync(pidFile, `${child.pid}\n`)
  const lines: string[] = []
  const keep = (line: string) => {
    lines.push(line)
    if (lines.length > LAST_LINES) lines.shift()
    logger.debug('litefs', { line })
  }
  const read = Promise.all([eachLine(child.stdout, keep), eachLine(child.stderr, keep)])
  return {
    pid: child.pid,
    exited: child.exited.then(async () => {
      // What holds its pipes open may outlive it: its last words are not waited for.
      await Promise.race([read, Bun.sleep(LAST_WORDS)])
      return { how: String(child.signalCode ?? `exit code ${child.exitCode}`), lines }
    }),
    kill: (signal) => child.kill(signal),
  }
}

const LAST_WORDS: Millis = 50

/** The LiteFS that an earlier run of this server started and left behind, if it still runs; null otherwise. */
export function findLitefs({ file, pidFile }: Pick<ChildParts, 'file' | 'pidFile'>): LitefsProcess | null {
  let pid = 0
  try {
    pid = Number(readFileSync(pidFile, 'utf8').trim())
    // Numbers are given again: only a process with our very command line is ours.
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (!words.includes('mount') || !words.includes(file)) return null
  } catch {
    return null
  }
  const isAlive = () => signal(pid, 0)
  const exited = (async () => {
    while (isAlive()) await Bun.sleep(LOOK)
    return { how: 'it ended', lines: [] }
  })()
  return { pid, exited, kill: (name) => void signal(pid, name) }
}

const LOOK: Millis = 50

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name)
    return !isZombie(pid)
  } catch {
    return false
  }
}

/** Ended, and nobody has taken note: a process whose starter was killed, in a container without an init. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

/** Forgets the process: it has ended. */
export function forgetLitefs(pidFile: string): void {
  rmSync(pidFile, { force: true })
}

async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') take(line)
  }
  if (rest !== '') take(rest)
}
