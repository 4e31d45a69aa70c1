import { readdirSync, readFileSync } from 'node:fs'

// Figures of other processes from Linux's /proc: what the kernel charged them, not what they say of
// themselves.

/** Seconds of processor time a process has used, in user and kernel mode, over all its threads. */
export function cpuSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/stat`)
}

/** The same of each thread of some processes, by a name of its own. */
export function threadSeconds(pids: readonly number[]): ReadonlyMap<string, number> {
  const threads = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  )
  return new Map(threads.map((thread) => [thread, secondsIn(`${thread}/stat`)]))
}

function secondsIn(file: string): number {
  // The name in parentheses may hold anything; the numbers start after it, with the state as the third field.
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/**
 * Bytes of memory a process holds, anonymous ones only: mapped files (the runtime itself) are no cost of a
 * socket.
 */
export function residentBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^RssAnon:\s+(\d+) kB/m)
  return Number(line?.[1]) * 1024
}

/** USER_HZ, which Linux fixes for everything it prints in /proc. */
const TICKS_PER_SECOND = 100
