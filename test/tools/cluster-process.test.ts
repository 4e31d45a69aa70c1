import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withLock } from '../../tools/cluster/build-lock.ts'
import { poll } from '../../tools/cluster/poll.ts'
import {
  commandLineOf,
  identityOf,
  isAlive,
  type ProcessIdentity,
  signal,
  startTicks,
} from '../../tools/cluster/process-identity.ts'

const folder = mkdtempSync(join(tmpdir(), 'dashboard-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

const present = (pid: number): ProcessIdentity => {
  const identity = identityOf(pid)
  if (identity === null) throw new Error(`no process ${pid}`)
  return identity
}

describe('the identity of a process', () => {
  test('is read past a name with spaces and parentheses, and not for the remains of one', () => {
    const after = ' 1 2 2 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 10 20'
    expect(startTicks(`42 (a ) b) S${after}`)).toBe('4711')
    expect(startTicks(`42 (a) Z${after}`)).toBeNull()
    expect(startTicks('')).toBeNull()
  })

  test('goes with the process: a signal does not reach whoever has the number next', async () => {
    const child = Bun.spawn(['sleep', '60'])
    const identity = present(child.pid)
    // The kernel fills it in a moment after the program was started.
    await poll(5_000, () => (commandLineOf(child.pid).length > 0 ? true : null))
    expect(commandLineOf(child.pid)).toEqual(['sleep', '60'])
    expect(isAlive(identity)).toBe(true)
    expect(signal({ ...identity, started: `1${identity.started}` }, 'SIGKILL')).toBe(false)
    expect(isAlive(identity)).toBe(true)
    expect(signal(identity, 'SIGKILL')).toBe(true)
    await child.exited
    expect(isAlive(identity)).toBe(false)
    expect(signal(identity, 'SIGKILL')).toBe(false)
  })
})

describe('the lock of a build', () => {
  test('is held by one at a time and given up at the end, also a bad one', async () => {
    const path = join(folder, 'one.lock')
    const order: string[] = []
    const waits: number[] = []
    const hold = (name: string) =>
      withLock(
        path,
        ({ pid }) => waits.push(pid),
        async () => {
          order.push(`${name} in`)
          await Bun.sleep(1)
          order.push(`${name} out`)
          if (name === 'a') throw new Error('a fails')
        },
      )
    const results = await Promise.allSettled([hold('a'), hold('b')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out'])
    expect(waits).toEqual([process.pid])
    expect(existsSync(path)).toBe(false)
  })

  test('is taken over from one that died', async () => {
    const path = join(folder, 'dead.lock')
    writeFileSync(path, `${process.pid} 1@elsewhere`)
    const mine = await withLock(
      path,
      () => {
        throw new Error('waits')
      },
      async () => readFileSync(path, 'utf8'),
    )
    expect(mine).toBe(`${process.pid} ${present(process.pid).started}`)
  })
})
