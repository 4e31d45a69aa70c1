import { describe, expect, test } from 'bun:test'
import { createInstanceRegistry } from '../../src/replication/instance-registry.ts'
import { forSeedsInTurn } from '../support/seeded.ts'
import { settled, turnedTime } from '../support/turned-time.ts'

const GRACE = 15_000

function setUp() {
  const time = turnedTime()
  const sweeps: (readonly string[])[] = []
  const answers: (boolean | Promise<boolean> | 'a defect')[] = []
  const registry = createInstanceRegistry({
    async sweep(alive) {
      sweeps.push(alive)
      const answer = answers.shift() ?? true
      if (answer === 'a defect') throw new Error(answer)
      return answer
    },
    now: time.now,
  })
  /** Beats, half a second apart, that hear `alive` from each node. */
  const beats = async (duration: number, alive: { readonly [node: string]: readonly string[] }) => {
    for (let past = 0; past < duration; past += 500) {
      await time.pass(500)
      for (const [node, its] of Object.entries(alive)) registry.report(node, its)
      registry.beat()
    }
    await settled()
  }
  return { time, registry, sweeps, answers, beats }
}

describe('instances that left something behind', () => {
  test('a new primary knows of none: it sweeps after the grace, with all that were reported', async () => {
    const { registry, sweeps, beats } = setUp()
    registry.begin()
    await beats(GRACE - 500, { a: ['a1', 'a2'], b: ['b1'] })
    expect(sweeps).toEqual([])
    await beats(1_000, { a: ['a1', 'a2'], b: ['b1'] })
    expect(sweeps).toEqual([['a1', 'a2', 'b1']])
  })

  test('one that its node no longer reports is swept at the next heartbeat', async () => {
    const { registry, sweeps, beats } = setUp()
    registry.begin()
    await beats(GRACE + 500, { a: ['a1'], b: ['b1'] })
    sweeps.length = 0
    await beats(5_000, { a: ['a1'], b: ['b1'] })
    expect(sweeps).toEqual([])
    await beats(500, { a: ['a1'], b: ['b2'] })
    expect(sweeps).toEqual([['a1', 'b2']])
  })

  test('but not within the grace of a new primary', async () => {
    const { registry, sweeps, beats } = setUp()
    registry.begin()
    await beats(1_000, { a: ['a1'], b: ['b1'] })
    await beats(5_000, { a: ['a1'], b: ['b2'] })
    expect(sweeps).toEqual([])
  })

  test('a node that is cut off has the grace to come back', async () => {
    const { registry, sweeps, beats } = setUp()
    registry.begin()
    await beats(GRACE + 500, { a: ['a1'], b: ['b1'] })
    sweeps.length = 0
    registry.gone('b')
    registry.gone('b')
    await beats(GRACE - 500, { a: ['a1'] })
    registry.report('b', ['b1'])
    await beats(GRACE + 500, { a: ['a1'] })
    expect(sweeps).toEqual([])
    registry.gone('b')
    await beats(GRACE - 1_000, { a: ['a1'] })
    registry.gone('b')
    await beats(1_000, { a: ['a1'] })
    expect(sweeps).toEqual([])
    await beats(1_000, { a: ['a1'] })
    expect(sweeps).toEqual([['a1']])
  })

  test('what only an earlier reign knew counts nothing', async () => {
    const { registry, sweeps, beats } = setUp()
    registry.begin()
    await beats(1_000, { a: ['a1'], b: ['b1'] })
    registry.begin()
    await beats(GRACE + 500, { a: ['a1'] })
    expect(sweeps).toEqual([['a1']])
  })

  test('whatever was missed is found a minute later; a sweep that failed is tried again', async () => {
    const { registry, sweeps, answers, beats } = setUp()
    registry.begin()
    answers.push(false, 'a defect', true)
    await beats(GRACE + 2_000, { a: ['a1'] })
    expect(sweeps).toHaveLength(3)
    await beats(58_000, { a: ['a1'] })
    expect(sweeps).toHaveLength(3)
    await beats(2_000, { a: ['a1'] })
    expect(sweeps).toHaveLength(4)
  })

  test('one at a time', async () => {
    const { registry, sweeps, answers, beats } = setUp()
    const slow = Promise.withResolvers<boolean>()
    answers.push(slow.promise)
    registry.begin()
    await beats(GRACE + 1_000, { a: ['a1'] })
    await beats(2_000, { a: ['a2'] })
    expect(sweeps).toHaveLength(1)
    slow.resolve(true)
    await beats(500, { a: ['a2'] })
    expect(sweeps).toEqual([['a1'], ['a2']])
  })

  test('a sweep of an earlier reign that fails in the next one does not shorten its grace', async () => {
    const { registry, sweeps, answers, beats } = setUp()
    const slow = Promise.withResolvers<boolean>()
    answers.push(slow.promise)
    registry.begin()
    await beats(GRACE + 500, { a: ['a1'], b: ['b1'] })
    // The lead is lost and had again; nobody but this node itself is known.
    registry.begin()
    slow.resolve(false)
    await beats(GRACE - 500, { a: ['a1'] })
    expect(sweeps).toEqual([['a1', 'b1']])
    await beats(1_000, { a: ['a1'], b: ['b1'] })
    expect(sweeps.at(-1)).toEqual(['a1', 'b1'])
  })
})

test('never a run that lives and is heard of; at last every one that is dead', async () => {
  await forSeedsInTurn('RUNS_SEED', 60, async (random) => {
    const { time, registry, sweeps, answers } = setUp()
    let n = 0
    const nodes = ['a', 'b', 'c'].map((name) => ({
      name,
      instances: [`${name}${++n}`],
      heard: [] as string[],
      cutAt: -Infinity,
      isCut: false,
    }))
    const dead = new Set<string>()
    let begunAt = 0
    let checked = 0
    registry.begin()
    const check = () => {
      for (const alive of sweeps.slice(checked)) {
        expect(time.now() - begunAt).toBeGreaterThanOrEqual(GRACE)
        for (const { isCut, cutAt, heard } of nodes) {
          // Who is cut off for longer than the grace is taken for dead.
          if (!isCut || time.now() - cutAt < GRACE) for (const run of heard) expect(alive).toContain(run)
        }
        for (const run of dead) if (!alive.includes(run)) dead.delete(run)
      }
      checked = sweeps.length
    }
    const beat = async (isQuiet: boolean) => {
      await time.pass(500)
      const node = random.pick(nodes)
      if (!isQuiet && random.oneIn(8)) {
        node.instances.splice(0, 1).forEach((run) => {
          dead.add(run)
        })
        node.instances.push(`${node.name}${++n}`)
      }
      if (!isQuiet && random.oneIn(10) && node.name !== 'a') {
        node.isCut = !node.isCut
        node.cutAt = time.now()
        if (node.isCut) registry.gone(node.name)
      }
      if (!isQuiet && random.oneIn(60)) {
        registry.begin()
        begunAt = time.now()
        for (const each of nodes) each.heard = []
      }
      if (!isQuiet && random.oneIn(10)) answers.push(false)
      for (const each of nodes) {
        if (each.isCut) continue
        each.heard = [...each.instances]
        registry.report(each.name, each.heard)
      }
      registry.beat()
      await settled()
      check()
    }
    for (let step = 0; step < 300; step++) await beat(false)
    for (const node of nodes) node.isCut = false
    for (let step = 0; step < 160; step++) await beat(true)
    expect([...dead]).toEqual([])
  })
})
