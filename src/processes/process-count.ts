import { fail, ok, type Result } from '../core/result.ts'

/** The properties of a machine that decide how many processes there can be. */
export type Machine = { readonly platform: string; readonly cores: number }

/**
 * Returns how many processes serve. `auto` is one per core, less one for the writer from four cores on. Only
 * Linux spreads the connections of one port over several processes: elsewhere `auto` is one, and more is
 * refused with a sentence for the operator.
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
 * Returns one process's share of the limits. Limits that guard the host and the data as a whole (all sockets,
 * new users) are divided, and rounded up. A limit for one address holds in each process: the kernel spreads
 * connections by chance, so that a share of it would refuse clients that are within the whole.
 */
export function shareOfLimits<Limits extends HostLimits>(limits: Limits, processes: number): Limits {
  return {
    ...limits,
    connections: Math.ceil(limits.connections / processes),
    registrationsPerMinute: Math.ceil(limits.registrationsPerMinute / processes),
  }
}

/** Returns the threads of one process, at least one, of a pool of `threads` on the whole host. */
export function shareOfThreads(threads: number, processes: number): number {
  return Math.max(1, Math.ceil(threads / processes))
}
