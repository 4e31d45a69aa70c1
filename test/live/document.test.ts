import { describe, expect, test } from 'bun:test'
import { documentChecksum } from '../../src/core/checksum.ts'
import { canonicalJson, type JsonObject } from '../../src/core/json.ts'
import { applyPatch, type Patch } from '../../src/core/patch.ts'
import { LiveDocument } from '../../src/live/document.ts'
import { randomObject, randomPatch } from '../support/documents.ts'
import { forSeeds } from '../support/seeded.ts'

const set = (changes: JsonObject): Patch => ({ changes, removed: [] })

describe('LiveDocument', () => {
  test('G3: a delta costs what changed since, not what happened', () => {
    const document = new LiveDocument({ seq: 1, data: { price: { a: 0, b: 0 }, big: { x: 1 } } }, 100)
    for (let seq = 2; seq <= 500; seq++) document.apply(seq, set({ 'price.a': seq }))
    expect(document.deltaSince(1)).toEqual(set({ 'price.a': 500 }))
    expect(document.deltaSince(500)).toEqual(set({}))
    document.apply(501, { changes: {}, removed: ['price.b'] })
    expect(document.deltaSince(1)).toEqual({ changes: { 'price.a': 500 }, removed: ['price.b'] })
    expect(document.deltaSince(0)).toBeNull()
  })

  test('G3: marks are bounded, and deltaSince returns null for older positions', () => {
    const document = new LiveDocument({ seq: 0, data: {} }, 10)
    for (let seq = 1; seq <= 25; seq++) document.apply(seq, set({ [`k${seq}`]: seq }))
    expect(document.watermark).toBe(15)
    expect(document.deltaSince(14)).toBeNull()
    expect(Object.keys(document.deltaSince(15)?.changes ?? {})).toHaveLength(10)
  })

  test('a patch at or below the position of the document is ignored', () => {
    const document = new LiveDocument({ seq: 7, data: { a: 1 } }, 10)
    document.apply(7, set({ a: 0 }))
    expect(document.value()).toEqual({ a: 1 })
  })

  test('property: from any known position the delta leads to the document, and before that deltaSince returns null', () => {
    forSeeds('DOCUMENT_SEED', 1500, (random) => {
      const history: { seq: number; patch: Patch; after: JsonObject }[] = []
      let value = randomObject(random, 3)
      const start = value
      let seq = 0
      const step = () => {
        seq += 1 + random.int(3)
        const patch = randomPatch(random)
        value = applyPatch(value, patch)
        history.push({ seq, patch, after: value })
      }
      for (let n = random.int(8); n > 0; n--) step()
      const limit = random.oneIn(4) ? 1 + random.int(6) : 1000
      const loadedAt = seq
      const document = new LiveDocument({ seq, data: JSON.parse(JSON.stringify(value)) }, limit)
      const live = random.int(8)
      const backfillAfter = random.int(live + 1)
      const from = random.int(loadedAt + 1)
      for (let n = 0; n <= live; n++) {
        if (n === backfillAfter) {
          const until = document.watermark
          document.backfill(
            history.filter((row) => row.seq > from && row.seq <= until),
            from,
          )
          if (limit === 1000) expect(document.watermark).toBe(Math.min(from, loadedAt))
        }
        if (n < live) {
          step()
          const row = history[history.length - 1]
          if (row !== undefined) document.apply(row.seq, row.patch)
        }
        if (random.oneIn(3)) document.value()
      }
      expect(canonicalJson(document.value())).toBe(canonicalJson(value))
      expect(document.checksum()).toBe(documentChecksum(value))
      for (let reader = 0; reader <= seq; reader++) {
        const delta = document.deltaSince(reader)
        if (reader < document.watermark) expect(delta).toBeNull()
        if (delta === null) continue
        const seen = history.findLast((row) => row.seq <= reader)?.after ?? start
        expect(canonicalJson(applyPatch(seen, delta))).toBe(canonicalJson(value))
      }
    })
  })
})
