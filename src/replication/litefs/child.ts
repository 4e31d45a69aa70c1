import { closeSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { beginLog, followLog } from './log-file.ts'

/** A LiteFS that runs, started by us or found. */
export type LitefsProcess = {
  readonly pid: number
  /** Resolves when it has ended, with how and with the last lines that it said. Never rejects. */
  readonly exited: Promise<{ readonly how: string; readonly lines: readonly string[] }>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type ChildDeps = {
  readonly binary: string
  /** LiteFS's configuration file. */
  readonly file: string
  /** Names the process, for whoever looks after this host. */
  readonly pidFile: string
  /** What it says is kept here, for a server that comes after this one too. */
  readonly logFile: string
  readonly logger: Logger
}

/** Lines that are kept to say why it ended. */
const LAST_LINES = 5

/** Starts `litefs mount`. Throws when there is no such program. */
export function startLitefs({ binary, file, pidFile, logFile, logger }: ChildDeps): LitefsProcess {
  const log = beginLog(logFile)
  let child: Bun.Subprocess
  try {
    child = Bun.spawn([binary, 'mount', '-config', file], { stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
  writeFileSync(pidFile, `${child.pid}\n`)
  // However this server ends, unless it is killed: nobody could write through a LiteFS that is left alone
  // with the lease.
  const end = () => child.kill('SIGTERM')
  process.on('exit', end)
  void child.exited.then(() => process.off('exit', end))
  const said = hear(logFile, 'beginning', logger)
  return {
    pid: child.pid,
    exited: child.exited.then(() => ({
      how: String(child.signalCode ?? `exit code ${child.exitCode}`),
      lines: said.end(),
    })),
    kill: (signal) => child.kill(signal),
  }
}

/** Logs what a LiteFS says; `end` answers the last lines of it. */
function hear(logFile: string, from: 'beginning' | 'end', logger: Logger) {
  const lines: string[] = []
  let warnedAt = -Infinity
  const stop = followLog(logFile, from, (said) => {
    const line = withoutSecrets(said)
    lines.push(line)
    if (lines.length > LAST_LINES) lines.shift()
    // What it tries again and again it says as often.
    const isTrouble = TROUBLE.test(line) && performance.now() - warnedAt > WARN_EVERY
    if (isTrouble) warnedAt = performance.now()
    logger[isTrouble ? 'warn' : 'debug']('LiteFS says', { line })
  })
  return {
    end() {
      stop()
      return lines
    },
  }
}

/**
 * Whoever knows the cluster's id is taken for one of its nodes, and Consul's address may have a token in it.
 * The end of the id stays, to tell one cluster from another.
 */
function withoutSecrets(line: string): string {
  return line.replaceAll(/\bLFSC[\dA-F]+(?=[\dA-F]{4}\b)/g, 'LFSC…').replaceAll(/:\/\/[^\s/@"]*@/g, '://…@')
}

/** It has no levels: words tell. */
const TROUBLE = /\b(error|cannot|fatal|failed|invalid)\b/i
const WARN_EVERY: Millis = 5_000

/**
 * A LiteFS that runs with this configuration file, left behind by a server that was killed; null when there
 * is none.
 */
export function findLitefs({
  file,
  pidFile,
  logFile,
  logger,
}: Omit<ChildDeps, 'binary'>): LitefsProcess | null {
  const pid = readdirSync('/proc')
    .map(Number)
    .find((id) => Number.isInteger(id) && isLitefs(id, file))
  if (pid === undefined) return null
  writeFileSync(pidFile, `${pid}\n`)
  const said = hear(logFile, 'end', logger)
  const exited = (async () => {
    while (signal(pid, 0)) await Bun.sleep(LOOK)
    return { how: 'it ended', lines: said.end() }
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
