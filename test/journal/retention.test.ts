import { describe, expect, test } from 'bun:test'
import { ORIGIN } from '../../src/journal/chain.ts'
import { PRUNE_SLICE, pruneSlice } from '../../src/journal/retention.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { sealed, set } from '../support/journal.ts'

/** A journal whose row n was committed at 999 + n. */
function filled(count: number) {
  const storage = createMemoryStorage()
  const bodies = Array.from({ length: count }, (_, i) => ['a', set('n', i)] as const)
  storage.write(({ journal }) => {
    journal.append(sealed(ORIGIN, 1, bodies))
    journal.remember('old', 'x', 1_000)
    journal.remember('young', 'x', 2_000)
  })
  const kept = () => storage.read(({ journal }) => journal.after(0, 100_000).map((row) => row.seq))
  return { storage, kept }
}

const ALWAYS = Number.MAX_SAFE_INTEGER

describe('retention', () => {
  test('keeps the newest rows by count', () => {
    const { storage, kept } = filled(10)
    const more = pruneSlice(storage, { maxAge: ALWAYS, maxRows: 4, answersMaxAge: ALWAYS }, 5_000)
    expect(more).toBe(false)
    expect(kept()).toEqual([7, 8, 9, 10])
  })

  test('keeps young rows by age, and answers by theirs', () => {
    const { storage, kept } = filled(10)
    pruneSlice(storage, { maxAge: 100, maxRows: ALWAYS, answersMaxAge: 3_000 }, 1_105)
    expect(kept()).toEqual([6, 7, 8, 9, 10])
    pruneSlice(storage, { maxAge: ALWAYS, maxRows: ALWAYS, answersMaxAge: 3_000 }, 4_500)
    const answers = storage.read(({ journal }) => [journal.recall('old'), journal.recall('young')])
    expect(answers).toEqual([null, 'x'])
  })

  test('never drops the newest row', () => {
    const { storage, kept } = filled(10)
    pruneSlice(storage, { maxAge: 0, maxRows: 0, answersMaxAge: 0 }, ALWAYS)
    expect(kept()).toEqual([10])
  })

  test('works slice by slice', () => {
    const { storage, kept } = filled(PRUNE_SLICE * 2 + 10)
    const retention = { maxAge: ALWAYS, maxRows: 5, answersMaxAge: ALWAYS }
    expect(pruneSlice(storage, retention, 0)).toBe(true)
    expect(kept().length).toBe(PRUNE_SLICE + 10)
    expect(pruneSlice(storage, retention, 0)).toBe(true)
    expect(pruneSlice(storage, retention, 0)).toBe(false)
    expect(kept().length).toBe(5)
  })
})
