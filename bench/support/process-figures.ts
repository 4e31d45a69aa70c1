import { readdirSync, readFileSync } from 'node:fs'

// Figures of other processes from /proc of Linux, as the kernel counted them.

/** Returns the processor time of a process in seconds, in user and kernel mode, over all its threads. */
export function cpuSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/stat`)
}

/** Returns the processor time of each thread of some processes, in seconds, by a unique name. */
export function threadSeconds(pids: readonly number[]): ReadonlyMap<string, number> {
  const threads = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  )
  return new Map(threads.map((thread) => [thread, secondsIn(`${thread}/stat`)]))
}

function secondsIn(file: string): number {
  // The name in parentheses may contain anything; the fields after it begin with the third one, the state.
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/**
 * Returns the anonymous memory of a process in bytes. Mapped files, such as the runtime, are not included.
 */
export function residentBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^RssAnon:\s+(\d+) kB/m)
  return Number(line?.[1]) * 1024
}

/** USER_HZ, the unit of times in /proc of Linux. */
const TICKS_PER_SECOND = 100
