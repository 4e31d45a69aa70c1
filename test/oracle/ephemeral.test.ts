import { expect, test } from 'bun:test'
import { liveEphemeral } from './ephemeral-run.ts'
import type { Counts } from './run.ts'

/** Seeds that found a defect once; always tried first. */
const REGRESSIONS: readonly number[] = [33, 109]

const STEPS = 150
const only = process.env.ORACLE_SEED
const count = Number(process.env.ORACLE_SEEDS ?? 800)
const seeds =
  only === undefined ? [...REGRESSIONS, ...Array.from({ length: count }, (_, i) => i + 1)] : [Number(only)]

test('E-2 to E-6: a client has what the publisher had at its position, and is up to date or told that it is stale', async () => {
  const counts: Counts = {}
  for (const seed of seeds) {
    try {
      await liveEphemeral(seed, STEPS, counts)
    } catch (error) {
      throw new Error(`seed ${seed}; replay it with ORACLE_SEED=${seed}`, { cause: error })
    }
  }
  console.log(`${seeds.length} seeds:`, JSON.stringify(counts))
  if (only === undefined)
    for (const what of WANTED) expect({ what, met: (counts[what] ?? 0) > 0 }).toEqual({ what, met: true })
}, 600_000)

/** Events without which a run would have shown nothing about them. */
const WANTED = [
  'publish',
  'unpublish',
  'cut',
  'restart',
  'lost text',
  'stale',
  'snapshot',
  'resumed',
  'update',
]
