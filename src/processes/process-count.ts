import { fail, ok, type Result } from '../core/result.ts'

/** What decides how many processes there can be. */
export type Machine = { readonly platform: string; readonly cores: number }

/**
 * How many processes serve. `auto` is one a core, less one for the writer from four cores on. Only Linux
 * spreads the connections of one port over several processes: elsewhere `auto` is one, and more is refused
 * with a line for people.
 */
export function processCount(wanted: number | 'auto', machine: Machine): Result<number, string> {
  if (machine.platform !== 'linux') {
    if (wanted === 'auto' || wanted === 1) return ok(1)
    return fail('DASHBOARD_PROCESSES: only Linux shares one port between processes; use 1 or auto here')
  }
  if (wanted !== 'auto') return ok(wanted)
  return ok(machine.cores < 4 ? Math.max(1, machine.cores) : machine.cores - 1)
}

/** Limits that guard the host as a whole. */
type HostLimits = { readonly connections: number; readonly registrationsPerMinute: number }

/**
 * One process's part of the limits. What guards the host and the data as a whole (sockets altogether, new
 * users) is divided, and rounded up. What guards a process from one address holds in each of them: the kernel
 * spreads connections by chance, so that dividing it would refuse people who are within it.
 */
export function shareOfLimits<Limits extends HostLimits>(limits: Limits, processes: number): Limits {
  return {
    ...limits,
    connections: Math.ceil(limits.connections / processes),
    registrationsPerMinute: Math.ceil(limits.registrationsPerMinute / processes),
  }
}

/** Threads of a pool that is `threads` large on the whole host: each process's own, at least one. */
export function shareOfThreads(threads: number, processes: number): number {
  return Math.max(1, Math.ceil(threads / processes))
}
