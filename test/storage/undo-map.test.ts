import { expect, test } from 'bun:test'
import { UndoLog, UndoMap } from '../../src/storage/memory/undo-map.ts'
import { forSeeds } from '../support/seeded.ts'

test('whatever happens, a rollback is as if nothing had', () => {
  forSeeds('UNDO_SEED', 300, (random) => {
    const log = new UndoLog()
    const map = new UndoMap<number, number | undefined>(log)
    /** Copies of the map at each open savepoint, the transaction's own first. */
    let kept = new Map<number, number | undefined>()
    for (let round = 0; round < 8; round++) {
      log.begin()
      const marks: { mark: number; copy: Map<number, number | undefined> }[] = []
      for (let step = random.int(30); step > 0; step--) {
        const key = random.int(6)
        switch (random.int(5)) {
          case 0:
            map.delete(key)
            break
          case 1:
            marks.push({ mark: log.mark(), copy: new Map(map.entries()) })
            break
          case 2: {
            const back = marks.pop()
            if (back === undefined) break
            log.rollbackTo(back.mark)
            expect(new Map(map.entries())).toEqual(back.copy)
            break
          }
          default:
            map.set(key, random.oneIn(6) ? undefined : random.int(100))
        }
      }
      if (random.oneIn(2)) {
        log.commit()
        kept = new Map(map.entries())
      } else {
        log.rollback()
        expect(new Map(map.entries())).toEqual(kept)
      }
    }
  })
})

test('a change outside a transaction throws', () => {
  const map = new UndoMap<string, number>(new UndoLog())
  expect(() => map.set('a', 1)).toThrow('transaction')
  expect(map.size).toBe(0)
})
