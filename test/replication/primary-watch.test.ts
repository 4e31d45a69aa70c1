import { describe, expect, test } from 'bun:test'
import { watchPrimary } from '../../src/replication/primary-watch.ts'
import { recordingLogger } from '../support/journal.ts'
import { turnedTime } from '../support/turned-time.ts'

function setUp(
  primary: {
    followed?: string | null
    lastSeenAt?: number
    answers?: () => Promise<boolean>
    electable?: boolean
    mayLead?: boolean
    chance?: number
  } = {},
) {
  const time = turnedTime()
  const world = {
    followed: 'p' as string | null,
    lastSeenAt: -Infinity,
    answers: () => Promise.resolve(false),
    electable: true,
    mayLead: true,
    chance: 0,
    promotes: true,
    ...primary,
  }
  const acts: string[] = []
  const look = watchPrimary({
    followed: () => world.followed,
    lastSeenAt: () => world.lastSeenAt,
    answers: () => world.answers(),
    electable: async () => world.electable,
    mayLead: () => world.mayLead,
    async promote() {
      acts.push(`promote at ${time.now()}`)
      if (!world.promotes) throw new Error('handoff failed')
    },
    restartLitefs: (reason) => void acts.push(`${reason} at ${time.now()}`),
    chance: () => world.chance,
    now: time.now,
    logger: recordingLogger(),
  })
  const beats = async (duration: number, isHeard = false) => {
    for (let past = 0; past < duration; past += 500) {
      await time.pass(500)
      if (isHeard) world.lastSeenAt = time.now()
      look()
    }
    await time.pass(0)
  }
  return { time, world, acts, beats }
}

describe('a primary that is heard', () => {
  test('is left alone', async () => {
    const { acts, beats } = setUp()
    await beats(60_000, true)
    expect(acts).toEqual([])
  })

  test('and one that nobody is said to be, too', async () => {
    const { acts, beats } = setUp({ followed: null })
    await beats(60_000)
    expect(acts).toEqual([])
  })
})

describe('a primary that is dead but silent', () => {
  test('after five seconds LiteFS looks anew, and again a quarter of a minute later', async () => {
    const { acts, beats } = setUp()
    await beats(10_000, true)
    await beats(4_500)
    expect(acts).toEqual([])
    await beats(500)
    expect(acts).toEqual(['the primary p has been silent for 5000 ms at 15000'])
    await beats(14_500)
    expect(acts).toHaveLength(1)
    await beats(500)
    expect(acts).toHaveLength(2)
  })

  test('a new primary has five seconds of its own, and one asked in vain is dead, too', async () => {
    const { acts, beats, world } = setUp({ answers: () => Promise.reject(new Error('timeout')) })
    await beats(4_500)
    world.followed = 'q'
    await beats(5_000)
    expect(acts).toEqual([])
    await beats(500)
    expect(acts).toEqual(['the primary q has been silent for 5000 ms at 10000'])
  })

  test('without those who give out the lease nothing is gained by it', async () => {
    const { acts, beats, world } = setUp({ electable: false })
    await beats(20_000)
    expect(acts).toEqual([])
    world.electable = true
    await beats(500)
    expect(acts).toHaveLength(1)
  })

  test('one that is heard while it is asked, or followed no more, is left alone', async () => {
    for (const change of ['heard', 'left'] as const) {
      const answer = Promise.withResolvers<boolean>()
      const { acts, beats, world, time } = setUp({ answers: () => answer.promise })
      await beats(5_500)
      if (change === 'heard') world.lastSeenAt = time.now()
      else world.followed = 'q'
      answer.resolve(false)
      await time.pass(100)
      expect({ change, acts }).toEqual({ change, acts: [] })
    }
  })

  test('is not taken for dead by a node that was stopped itself', async () => {
    const { acts, beats, time } = setUp()
    await beats(10_000, true)
    time.jump(60_000)
    await beats(5_000)
    expect(acts).toEqual([])
    await beats(500)
    expect(acts).toHaveLength(1)
  })

  test('is asked once at a time', async () => {
    let asked = 0
    const { beats } = setUp({
      answers() {
        asked += 1
        return new Promise(() => {})
      },
    })
    await beats(60_000)
    expect(asked).toBe(1)
  })
})

describe('a primary whose LiteFS lives and whose server is gone', () => {
  const answers = () => Promise.resolve(true)

  test('a candidate takes over after eight seconds, and up to three more', async () => {
    for (const [chance, first] of [
      [0, 8_000],
      [0.5, 9_500],
      [1, 11_000],
    ] as const) {
      const { acts, beats } = setUp({ answers, chance })
      await beats(12_000)
      expect(acts).toEqual([`promote at ${first + 500}`])
    }
  })

  test('who may not lead does nothing', async () => {
    const { acts, beats } = setUp({ answers, mayLead: false })
    await beats(60_000)
    expect(acts).toEqual([])
  })

  test('one that does not get it tries again', async () => {
    const { acts, beats, world } = setUp({ answers })
    world.promotes = false
    await beats(24_000)
    expect(acts).toHaveLength(2)
  })
})
