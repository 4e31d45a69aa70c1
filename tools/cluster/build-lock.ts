import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts'

/**
 * Runs `work` while no other process of this user does so with the same lock file, and waits its turn. The
 * lock of a process that died is taken over. (Two may take it over at the same instant; whoever uses this
 * must only lose time by that.)
 */
export async function withLock<T>(
  path: string,
  onWait: (holder: ProcessIdentity) => void,
  work: () => Promise<T>,
): Promise<T> {
  const mine = identityOf(process.pid) ?? { pid: process.pid, started: '' }
  let told = false
  while (!take(path, mine)) {
    const holder = readHolder(path)
    if (holder === null || !isAlive(holder)) {
      rmSync(path, { force: true })
      continue
    }
    if (!told) onWait(holder)
    told = true
    await Bun.sleep(POLL_INTERVAL)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/** Between two looks at a lock that another process holds, ms. */
const POLL_INTERVAL = 500

function take(path: string, mine: ProcessIdentity): boolean {
  try {
    writeFileSync(path, `${mine.pid} ${mine.started}`, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function readHolder(path: string): ProcessIdentity | null {
  try {
    const [pid = '', started = ''] = readFileSync(path, 'utf8').split(' ')
    return started === '' ? null : { pid: Number(pid), started }
  } catch {
    return null
  }
}
