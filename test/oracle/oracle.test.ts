import { expect, test } from 'bun:test'
import { AWAY_FROM, type Counts, live, WIDE_FROM } from './run.ts'

/**
 * Seeds that found a defect once, in the engine or in the power of this test (by a mistake made on purpose);
 * always tried first.
 */
const REGRESSIONS: readonly number[] = [1233, 1278, 495, 552, 640, 643]

/**
 * In a third of the simulations the storage is away at times; half of those have several workspaces and
 * parameters too.
 */
function seedOf(index: number): number {
  if (index % 3 !== 2) return index + 1
  return (index % 2 === 0 ? AWAY_FROM : WIDE_FROM) + index
}

const STEPS = 80
const only = process.env.ORACLE_SEED
const count = Number(process.env.ORACLE_SEEDS ?? 2500)
const seeds =
  only === undefined
    ? [...REGRESSIONS, ...Array.from({ length: count }, (_, i) => seedOf(i))]
    : [Number(only)]

test('G2-G6: at every position a client has what the server had there, events come once and in order or it is told', async () => {
  const counts: Counts = {}
  for (const seed of seeds) {
    try {
      await live(seed, STEPS, counts)
    } catch (error) {
      throw new Error(`seed ${seed}; replay it with ORACLE_SEED=${seed}`, { cause: error })
    }
  }
  console.log(`${seeds.length} seeds:`, JSON.stringify(counts))
  if (only === undefined) for (const what of WANTED) expect(counts[what] ?? 0).toBeGreaterThan(0)
}, 600_000)

/** Events without which a run would have shown nothing about them. */
const WANTED = [
  'drop',
  'connect',
  'disconnect',
  'old tab',
  'restart',
  'fail-over',
  'lost suffix',
  'closed 3001',
  'suspend',
  'resume',
  'stale',
  'fresh',
]
