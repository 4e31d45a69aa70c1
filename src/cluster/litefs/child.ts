import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
  /** Names the process, for whoever looks after this host. */
  readonly pidFile: string
  readonly logger: Logger
}

/** Lines that are kept to say why it ended. */
const LAST_LINES = 5

/** Starts `litefs mount`. Throws when there is no such program. */
export function startLitefs({ binary, file, pidFile, logger }: ChildParts): LitefsProcess {
  const child = Bun.spawn([binary, 'mount', '-config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  writeFileSync(pidFile, `${child.pid}\n`)
  // However this server ends, unless it is killed: nobody could write through a LiteFS that is left alone with the lease.
  const end = () => child.kill('SIGTERM')
  process.on('exit', end)
  void child.exited.then(() => process.off('exit', end))
  const lines: string[] = []
  let warnedAt = -Infinity
  const keep = (said: string) => {
    const line = withoutSecrets(said)
    lines.push(line)
    if (lines.length > LAST_LINES) lines.shift()
    // What it tries again and again it says as often.
    const isTrouble = TROUBLE.test(line) && performance.now() - warnedAt > WARN_EVERY
    if (isTrouble) warnedAt = performance.now()
    logger[isTrouble ? 'warn' : 'debug']('LiteFS says', { line })
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
/**
 * Whoever knows the cluster's id is taken for one of its nodes, and Consul's address may have a token in it. The end of the id stays, to
 * tell one cluster from another.
 */
function withoutSecrets(line: string): string {
  return line.replaceAll(/\bLFSC[\dA-F]+(?=[\dA-F]{4}\b)/g, 'LFSC…').replaceAll(/:\/\/[^\s/@"]*@/g, '://…@')
}

/** It has no levels: words tell. */
const TROUBLE = /\b(error|cannot|fatal|failed|invalid)\b/i
const WARN_EVERY: Millis = 5_000

/** A LiteFS that runs with this configuration file, left behind by a server that was killed; null when there is none. */
export function findLitefs({ file, pidFile }: Pick<ChildParts, 'file' | 'pidFile'>): LitefsProcess | null {
  const pid = readdirSync('/proc')
    .map(Number)
    .find((id) => Number.isInteger(id) && isLitefs(id, file))
  if (pid === undefined) return null
  writeFileSync(pidFile, `${pid}\n`)
  const exited = (async () => {
    while (signal(pid, 0)) await Bun.sleep(LOOK)
    return { how: 'it ended', lines: [] }
  })()
  const kill = (name: NodeJS.Signals) => {
    // Its number may be another's by now.
    if (isLitefs(pid, file)) signal(pid, name)
  }
  return { pid, exited, kill }
}

function isLitefs(pid: number, file: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return words[1] === 'mount' && words.includes(file) && !isZombie(pid)
  } catch {
    // It ended while we looked.
    return false
  }
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
