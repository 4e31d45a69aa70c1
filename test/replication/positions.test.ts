import { describe, expect, test } from 'bun:test'
import type { StoragePosition } from '../../src/core/command.ts'
import { createPositions, type Reached } from '../../src/replication/positions.ts'
import { forSeedsInTurn } from '../support/seeded.ts'
import { turnedTime } from '../support/turned-time.ts'

const at = (txid: number, checksum: string): StoragePosition => ({
  txid: txid.toString(16).padStart(16, '0'),
  checksum,
})

function setUp(...noted: readonly StoragePosition[]) {
  const time = turnedTime()
  const positions = createPositions(time.after)
  for (const position of noted) positions.note(position)
  /** A wait, and what has come of it so far. */
  const wait = (wanted: StoragePosition, patience = 1_000) => {
    const seen: { now: Reached | null } = { now: null }
    void positions.reached(wanted, patience).then((found) => {
      seen.now = found
    })
    return seen
  }
  return { positions, time, wait }
}

describe('a wait for a position', () => {
  test('is over at once where the copy has it, or has what came after', async () => {
    const { time, wait } = setUp(at(1, 'a'), at(2, 'b'), at(3, 'c'))
    const found = [wait(at(3, 'c')), wait(at(1, 'a'))]
    await time.pass(0)
    expect(found).toEqual([{ now: 'reached' }, { now: 'reached' }])
  })

  test('ends when the copy comes there, however far it jumps', async () => {
    const { positions, time, wait } = setUp(at(1, 'a'))
    const [second, third] = [wait(at(2, 'b')), wait(at(3, 'c'))]
    positions.note(at(2, 'b'))
    await time.pass(0)
    expect(second.now).toBe('reached')
    expect(third.now).toBeNull()
    positions.note(at(900, 'z'))
    await time.pass(0)
    expect(third.now).toBe('reached')
  })

  test('ends late when it does not', async () => {
    const { time, wait } = setUp()
    const found = wait(at(1, 'a'), 500)
    await time.pass(499)
    expect(found.now).toBeNull()
    await time.pass(1)
    expect(found.now).toBe('late')
  })

  test('ends lost when the same id turns out to be another transaction', async () => {
    const { positions, time, wait } = setUp(at(1, 'a'))
    const found = wait(at(2, 'b'))
    positions.note(at(2, 'x'))
    await time.pass(0)
    expect(found.now).toBe('lost')
  })

  test('a copy that is still where a lost primary left it waits to be set back: the change is not lost', async () => {
    const { positions, time, wait } = setUp(at(1, 'a'), at(2, 'b'), at(3, 'c'))
    // The new primary's answer comes sooner than its transactions.
    const [stored, gone] = [wait(at(3, 'x')), wait(at(3, 'y'))]
    await time.pass(100)
    expect(stored.now).toBeNull()
    expect(gone.now).toBeNull()
    positions.note(at(2, 'w'))
    positions.note(at(3, 'x'))
    await time.pass(0)
    expect([stored.now, gone.now]).toEqual(['reached', 'lost'])
  })

  test('one that stays there says lost in the end', async () => {
    const { time, wait } = setUp(at(3, 'c'))
    const found = wait(at(3, 'x'), 500)
    await time.pass(500)
    expect(found.now).toBe('lost')
  })
})

describe('a copy that is set back', () => {
  test('no longer holds what came after, also where its new history jumps over that', async () => {
    const { positions, time, wait } = setUp(at(1, 'a'), at(2, 'b'), at(3, 'c'), at(4, 'd'))
    positions.note(at(2, 'x'))
    positions.note(at(9, 'z'))
    const lost = [at(2, 'b'), at(3, 'c'), at(4, 'd')]
    expect(lost.map(positions.holds)).toEqual([false, false, false])
    const found = lost.map((each) => wait(each, 100))
    const unknown = wait(at(3, 'never heard of'))
    await time.pass(100)
    expect(found.map(({ now }) => now)).toEqual(['lost', 'lost', 'lost'])
    expect(unknown.now).toBe('reached')
    expect([at(1, 'a'), at(9, 'z'), at(5, 'e')].map(positions.holds)).toEqual([true, true, null])
  })

  test('and comes back to the old history holds it again', () => {
    const { positions } = setUp(at(1, 'a'), at(2, 'b'), at(1, 'x'), at(1, 'a'), at(2, 'b'))
    expect(positions.holds(at(2, 'b'))).toBe(true)
    expect(positions.latest()).toEqual(at(2, 'b'))
  })

  test('what is heard again, late, sets nothing back', () => {
    const { positions } = setUp(at(1, 'a'), at(2, 'b'), at(3, 'c'), at(1, 'a'), at(3, 'c'))
    expect(positions.latest()).toEqual(at(3, 'c'))
  })

  test('what was jumped over and is heard late makes nothing lost', () => {
    const { positions } = setUp(at(1, 'a'), at(3, 'c'), at(2, 'b'))
    expect(positions.holds(at(3, 'c'))).toBeNull()
    positions.note(at(3, 'c'))
    expect(positions.holds(at(3, 'c'))).toBe(true)
  })
})

test('who listens hears of every move, and of nothing else', () => {
  const { positions } = setUp()
  let moves = 0
  positions.onMove(() => moves++)
  positions.note(at(1, 'a'))
  positions.note(at(1, 'a'))
  positions.note(at(2, 'b'))
  expect(moves).toBe(2)
})

test('what is too long ago is not known any more, and takes no memory', () => {
  const { positions } = setUp()
  for (let n = 1; n <= 5_000; n++) positions.note(at(n, `c${n}`))
  expect([at(1, 'c1'), at(5_000, 'c5000')].map(positions.holds)).toEqual([null, true])
})

test('whatever a copy goes through, it never says of a position that is known to be lost that it has it', async () => {
  await forSeedsInTurn('POSITIONS_SEED', 300, async (random) => {
    const { positions, time, wait } = setUp()
    /** The copy’s true history, and everything that was ever in one; checksums are never used twice. */
    let history: StoragePosition[] = []
    const ever: StoragePosition[] = []
    let noted = new Set<StoragePosition>()
    const lost = new Set<StoragePosition>()
    let n = 0
    for (let step = 0; step < 60; step++) {
      if (random.oneIn(6) && history.length > 1) {
        // Another primary's history from here on: what was noted of the old one is known to be lost once its
        // place is taken.
        const kept = random.int(history.length)
        const gone = history.slice(kept)
        history = history.slice(0, kept)
        const first = at(kept + 1, `c${++n}`)
        history.push(first)
        ever.push(first)
        positions.note(first)
        if (gone[0] !== undefined && noted.has(gone[0]))
          for (const each of gone) if (noted.has(each)) lost.add(each)
        noted = new Set([...noted].filter((each) => !gone.includes(each)).concat(first))
      } else {
        // Some commits are missed, never the last.
        for (let k = random.int(3); k >= 0; k--) {
          const next = at(history.length + 1, `c${++n}`)
          history.push(next)
          ever.push(next)
          if (k > 0 && random.oneIn(2)) continue
          positions.note(next)
          noted.add(next)
        }
        if (random.oneIn(4)) positions.note(random.pick([...noted]))
      }
      const latest = history.at(-1)
      expect(positions.latest()).toEqual(latest ?? null)
      const wanted = random.pick(ever)
      const found = wait(wanted, 0)
      await time.pass(0)
      if (lost.has(wanted)) expect([wanted, found.now]).not.toEqual([wanted, 'reached'])
      if (history.includes(wanted)) expect([wanted, found.now]).toEqual([wanted, 'reached'])
      for (const each of noted) expect(positions.holds(each)).toBe(true)
      for (const each of lost) expect(positions.holds(each)).toBe(false)
    }
  })
})
