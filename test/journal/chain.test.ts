import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { firstBrokenLink, ORIGIN, sealEntry } from '../../src/journal/chain.ts'
import type { JournalEntry } from '../../src/journal/types.ts'
import { channel, sealed, set } from '../support/journal.ts'

const ROWS = sealed(
  ORIGIN,
  7,
  Array.from({ length: 5 }, (_, i) => ['doc', set('n', i)] as const),
)

describe('chain', () => {
  test('is the first 16 bytes of SHA-256 over the previous chain and the row, one field a line', () => {
    const before = { epoch: 1, seq: 41, chain: 'ab'.repeat(16) }
    const row = sealEntry(before, 9, 1_234, channel('doc'), {
      kind: 'event',
      type: 'notification',
      data: 'ü',
    })
    const text = '{"kind":"event","type":"notification","data":"ü"}'
    const digest = createHash('sha256')
      .update(`${before.chain}\n9\n42\n1234\nmain/doc\n${text}`)
      .digest('hex')
    expect(row).toMatchObject({ seq: 42, epoch: 9, text, chain: digest.slice(0, 32) })
  })

  test('holds over its own rows, from the origin and from any row taken on trust', () => {
    expect(firstBrokenLink(ORIGIN, ROWS)).toBeNull()
    expect(firstBrokenLink(null, ROWS.slice(2))).toBeNull()
    expect(firstBrokenLink(null, [])).toBeNull()
  })

  test('breaks at a row that was changed, left out, doubled or moved', () => {
    const [a, b, c, d, e] = ROWS
    if (!a || !b || !c || !d || !e) throw new Error('five rows')
    const changes: Partial<JournalEntry>[] = [
      { epoch: 8 },
      { at: 1 },
      { channel: channel('other') },
      { body: set('n', 99) },
      { chain: a.chain },
    ]
    for (const change of changes)
      expect(firstBrokenLink(ORIGIN, [a, b, { ...c, ...change }, d, e])?.seq).toBe(3)
    expect(firstBrokenLink(ORIGIN, [a, c, d, e])).toBe(c)
    expect(firstBrokenLink(ORIGIN, [a, b, b, c])).toBe(b)
    expect(firstBrokenLink(ORIGIN, [a, c, b, d])).toBe(c)
    expect(firstBrokenLink(ORIGIN, [b, c, d])).toBe(b)
  })
})
