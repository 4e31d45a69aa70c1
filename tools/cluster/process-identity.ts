import { readFileSync } from 'node:fs'

/**
 * One process and no other: numbers are given again, also after a restart of the machine, but not with the
 * same time of the start. `started` is compared and never read.
 */
export type ProcessIdentity = { readonly pid: number; readonly started: string }

/**
 * The identity of a running process; null when there is none, or only its remains that nobody has waited
 * for.
 */
export function identityOf(pid: number): ProcessIdentity | null {
  const stat = read(`/proc/${pid}/stat`)
  const ticks = stat === null ? null : startTicks(stat)
  return ticks === null ? null : { pid, started: `${ticks}@${bootId()}` }
}

/** Whether that very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.started === identity.started
}

/** Sends a signal to that very process; false when it runs no more, or may not be signalled by us. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, name)
    return true
  } catch {
    return false
  }
}

/**
 * Ticks from the start of the machine to that of the process, out of the text of `/proc/PID/stat`; null for
 * a dead one or other text.
 */
export function startTicks(stat: string): string | null {
  // The name, in parentheses, may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const ticks = fields[19]
  if (state === undefined || state === 'Z' || state === 'X') return null
  return ticks !== undefined && /^\d+$/.test(ticks) ? ticks : null
}

/** Whether a process is stopped, as by SIGSTOP. */
export function isStopped({ pid }: ProcessIdentity): boolean {
  return /^State:\tT/m.test(read(`/proc/${pid}/status`) ?? '')
}

/** The arguments that a process was started with; empty when there is none. */
export function commandLineOf(pid: number): readonly string[] {
  return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1)
}

function bootId(): string {
  return (read('/proc/sys/kernel/random/boot_id') ?? '').trim()
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended meanwhile, or this is no Linux.
    return null
  }
}
