import { readFileSync } from 'node:fs'

// Figures of other processes from Linux's /proc: what the kernel charged them, not what they say of themselves.

/** Seconds of processor time a process has used, in user and kernel mode, over all its threads. */
export function cpuSeconds(pid: number): number {
  // The name in parentheses may hold anything; the numbers start after it, with the state as the third field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Bytes of memory a process holds, anonymous ones only: mapped files (the runtime itself) are no cost of a socket. */
export function residentBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^RssAnon:\s+(\d+) kB/m)
  return Number(line?.[1]) * 1024
}

/** USER_HZ, which Linux fixes for everything it prints in /proc. */
const TICKS_PER_SECOND = 100
