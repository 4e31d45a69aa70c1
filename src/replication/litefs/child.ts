import { closeSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Millis } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { beginLog, followLog } from './log-file.ts'

/** A running LiteFS, started by this server or found. */
export type LitefsProcess = {
  readonly pid: number
  /** Resolves when it has ended, with how, and with the last lines of its log. Never rejects. */
  readonly exited: Promise<{ readonly how: string; readonly lines: readonly string[] }>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type ChildDeps = {
  readonly binary: string
  /** LiteFS's configuration file. */
  readonly file: string
  /** The file that names the process, for the operator of this host. */
  readonly pidFile: string
  /** The file for its log, which the next life of this server follows too. */
  readonly logFile: string
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly logger: Logger
}

/** Lines of the log that are kept to show why it ended. */
const MAX_LAST_LINES = 5

/** Starts `litefs mount`. Throws when there is no such program. */
export function startLitefs(deps: ChildDeps): LitefsProcess {
  const { binary, file, pidFile, logFile } = deps
  const log = beginLog(logFile)
  let child: Bun.Subprocess
  try {
    child = Bun.spawn([binary, 'mount', '-config', file], { stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
  writeFileSync(pidFile, `${child.pid}\n`)
  // However this server ends, unless it is killed: no node could write while a LiteFS without a server has
  // the lease.
  const end = () => child.kill('SIGTERM')
  process.on('exit', end)
  void child.exited.then(() => process.off('exit', end))
  const lines = logLines(deps, 'beginning')
  return {
    pid: child.pid,
    exited: child.exited.then(() => ({
      how: String(child.signalCode ?? `exit code ${child.exitCode}`),
      lines: lines.end(),
    })),
    kill: (signal) => child.kill(signal),
  }
}

/** Logs the lines of a LiteFS's own log; `end` returns the last ones. */
function logLines({ logFile, now, logger }: Omit<ChildDeps, 'binary'>, from: 'beginning' | 'end') {
  const lines: string[] = []
  let warnedAt = -Infinity
  const stop = followLog(logFile, from, (given) => {
    const line = withoutSecrets(given)
    lines.push(line)
    if (lines.length > MAX_LAST_LINES) lines.shift()
    // An attempt that fails again and again is logged by LiteFS each time.
    const isTrouble = TROUBLE.test(line) && now() - warnedAt > WARN_INTERVAL
    if (isTrouble) warnedAt = now()
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
 * Removes secrets from a line: the cluster's id, by which a stranger would be taken for one of its nodes, but
 * for its end, which tells clusters apart; and the token in Consul's address.
 */
function withoutSecrets(line: string): string {
  return line.replaceAll(/\bLFSC[\dA-F]+(?=[\dA-F]{4}\b)/g, 'LFSC…').replaceAll(/:\/\/[^\s/@"]*@/g, '://…@')
}

/** LiteFS's log has no levels: a warning is found by its words. */
const TROUBLE = /\b(error|cannot|fatal|failed|invalid)\b/i
const WARN_INTERVAL: Millis = 5_000

/**
 * A LiteFS that runs with this configuration file, left behind by a server that was killed; null when there
 * is none.
 */
export function findLitefs(deps: Omit<ChildDeps, 'binary'>): LitefsProcess | null {
  const { file, pidFile } = deps
  const pid = readdirSync('/proc')
    .map(Number)
    .find((id) => Number.isInteger(id) && isLitefs(id, file))
  if (pid === undefined) return null
  writeFileSync(pidFile, `${pid}\n`)
  const lines = logLines(deps, 'end')
  const exited = (async () => {
    while (signal(pid, 0)) await Bun.sleep(POLL_INTERVAL)
    return { how: 'it ended', lines: lines.end() }
  })()
  const kill = (name: NodeJS.Signals) => {
    // Its number may be another process's by now.
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

const POLL_INTERVAL: Millis = 50

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name)
    return !isZombie(pid)
  } catch {
    return false
  }
}

/** Returns true for a process that has ended but was not waited for: in a container without an init. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
