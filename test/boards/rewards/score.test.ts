import { expect, test } from 'bun:test'
import {
  type Measurement,
  NO_SCORE,
  nextScore,
  type Score,
  scoreParts,
  shownScore,
} from '../../../src/boards/rewards/domain/score.ts'

const HOUR = 3_600_000
const THRESHOLDS = { establishedSamples: 10, establishedAfter: 15 * 60_000, scoreStep: 10 }

const measured = (more: Partial<Measurement> = {}): Measurement => ({
  at: 0,
  uptime: 24 * HOUR,
  disconnects: 0,
  networks: [{ loss: 0, rtt: 50 }],
  ...more,
})

test('a perfect day gives a score of 1000', () => {
  expect(scoreParts(measured())).toEqual({ uptime: 400, loss: 250, latency: 200, stability: 150 })
})

test('the parts of the score are those worked out by hand', () => {
  const parts = scoreParts(
    measured({
      uptime: 6 * HOUR, // 400 x 6/24 = 100
      disconnects: 4, // 150 x (1 - 4/24) = 125
      networks: [
        { loss: 1, rtt: 80 },
        { loss: 2, rtt: 120 }, // mean loss (1 + 2 + 0) / 3 = 1 %: 250 x (1 - 1/5) = 200
        { loss: 0, rtt: 300 }, // median rtt 120 ms: 200 x (400 - 120) / 350 = 160
      ],
    }),
  )
  expect(parts).toEqual({ uptime: 100, loss: 200, latency: 160, stability: 125 })
})

test('with an even number of networks the median is the mean of the two in the middle', () => {
  // (100 + 200) / 2 = 150 ms: 200 x 250/350 = 142.86, floored
  const networks = [
    { loss: 0, rtt: 200 },
    { loss: 0, rtt: 100 },
  ]
  expect(scoreParts(measured({ networks })).latency).toBe(142)
})

test('every part stays within its bounds', () => {
  const worst = scoreParts(measured({ uptime: 0, disconnects: 99, networks: [{ loss: 100, rtt: 60_000 }] }))
  expect(worst).toEqual({ uptime: 0, loss: 0, latency: 0, stability: 0 })
  const best = scoreParts(measured({ uptime: 30 * HOUR, networks: [{ loss: 0, rtt: 1 }] }))
  expect(best).toEqual({ uptime: 400, loss: 250, latency: 200, stability: 150 })
})

test('the first sample is the score, later ones move it by an eighth', () => {
  const first = nextScore(NO_SCORE, measured({ uptime: 0 }), THRESHOLDS)
  expect(shownScore(first)).toBe(600)
  // 600 + (1000 - 600) / 8 = 650
  const second = nextScore(first, measured(), THRESHOLDS)
  expect(shownScore(second)).toBe(650)
  // 650 + (1000 - 650) / 8 = 693.75
  const third = nextScore(second, measured(), THRESHOLDS)
  expect(third.smoothed).toBe(693_750)
  expect(shownScore(third)).toBe(694)
})

test('a score converges to its samples, from above and from below', () => {
  let rising = nextScore(NO_SCORE, measured({ uptime: 0, networks: [{ loss: 100, rtt: 900 }] }), THRESHOLDS)
  let falling = nextScore(NO_SCORE, measured(), THRESHOLDS)
  for (let i = 0; i < 200; i++) {
    rising = nextScore(rising, measured({ uptime: 12 * HOUR }), THRESHOLDS)
    falling = nextScore(falling, measured({ uptime: 12 * HOUR }), THRESHOLDS)
  }
  expect(shownScore(rising)).toBe(800)
  expect(shownScore(falling)).toBe(800)
})

test('a score is unknown, then provisional, and established after 10 samples and 15 minutes', () => {
  expect(shownScore(NO_SCORE)).toBeNull()
  let score: Score = NO_SCORE
  for (let i = 0; i < 10; i++) {
    score = nextScore(score, measured({ at: i * 60_000 }), THRESHOLDS)
    expect(score.state).toBe('provisional')
  }
  expect(nextScore(score, measured({ at: 15 * 60_000 - 1 }), THRESHOLDS).state).toBe('provisional')
  expect(nextScore(score, measured({ at: 15 * 60_000 }), THRESHOLDS).state).toBe('established')
  const early = nextScore(nextScore(NO_SCORE, measured(), THRESHOLDS), measured({ at: HOUR }), THRESHOLDS)
  expect(early.state).toBe('provisional')
})

test('the stepped score follows when it is 10 or more behind', () => {
  const score = {
    ...NO_SCORE,
    state: 'established',
    samples: 99,
    firstSampleAt: 0,
    smoothed: 900_000,
    stepped: 900,
  } as const
  // sample 972: 900 + 72/8 = 909: not yet
  const near = nextScore(score, measured({ uptime: 22.32 * HOUR }), THRESHOLDS)
  expect({ shown: shownScore(near), stepped: near.stepped }).toEqual({ shown: 909, stepped: 900 })
  // once more: 909 + 63/8 = 916.9
  const far = nextScore(near, measured({ uptime: 22.32 * HOUR }), THRESHOLDS)
  expect({ shown: shownScore(far), stepped: far.stepped }).toEqual({ shown: 917, stepped: 917 })
})
