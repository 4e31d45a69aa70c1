import { describe, expect, test } from 'bun:test'
import { fenceWorld, GOOD, OVER, TTL, within } from './fence-world.ts'

async function setUp() {
  const world = fenceWorld()
  const { time } = world
  const [a, b] = [world.start('a'), world.start('b')]
  await time.pass(0)
  const leads = async (node = a) => {
    world.elect(node.name)
    return within(time, 0, node.fence.begin())
  }
  return { ...world, a, b, leads }
}

describe('a fence', () => {
  test('is shut before the lead begins and after it ends', async () => {
    const { a, leads, time, record } = await setUp()
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
    expect(await leads()).toBe(true)
    expect(a.fence.holds()).toBe(true)
    expect(a.fence.age()).toBe(0)
    await within(time, 0, a.fence.end())
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
    expect(a.looks()).toBe(1)
    expect(record()).toMatchObject({ node: 'a', over: true })
  })

  test('stays shut where the lease is another’s, or cannot be proven', async () => {
    const { a, time, elect } = await setUp()
    elect('b')
    expect(await within(time, 0, a.fence.begin())).toBe(false)
    expect(await a.holds()).toBe(false)
    a.machine.road.isCut = true
    await expect(within(time, 2_000, a.fence.begin())).rejects.toThrow('timeout')
  })

  test('a lease that is kept is proven again in time, without anybody waiting for it', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    for (let n = 0; n < 100; n++) {
      await time.pass(900)
      expect(a.fence.holds()).toBe(true)
    }
    expect(a.lost).toEqual([])
    expect(a.looks()).toBe(19)
  })

  test('a proof counts from when it was asked for', async () => {
    const { a, time, elect } = await setUp()
    a.machine.road.travel = 700
    elect('a')
    expect(await within(time, 2_800, a.fence.begin())).toBe(true)
    // The look before it is no part of it.
    expect(a.fence.age()).toBe(1_400)
  })

  test('an old proof is renewed by whoever asks, once for all who do', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.sleep(GOOD)
    await time.pass(GOOD)
    const [one, two] = [a.fence.holds(), a.fence.holds()]
    expect(one).not.toBe(true)
    await time.pass(0)
    expect(await one).toBe(true)
    expect(await two).toBe(true)
    expect(a.fence.age()).toBe(0)
    expect(a.looks()).toBe(2)
  })

  test('cut off, it acknowledges nothing from two seconds before the lease ends, and is lost when it has', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await time.pass(GOOD - 1)
    expect(a.fence.holds()).toBe(true)
    await time.pass(1)
    expect(await within(time, 2_000, a.holds())).toBe(false)
    expect(a.lost).toEqual([])
    await time.pass(TTL - GOOD + 1_000)
    expect(a.lost).toEqual(['the lease could not be proven in time'])
    await time.pass(60_000)
    expect(a.lost).toHaveLength(1)
  })

  test('a lease that another has is lost at the next look', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    elect('b')
    await time.pass(TTL / 2)
    expect(a.lost).toEqual(['the lease is held by another node, or by nobody'])
  })

  test('so is one that another had in between, without LiteFS having said so', async () => {
    const { a, b, leads, time, elect } = await setUp()
    await leads()
    a.machine.sleep(20_000)
    await time.pass(10_000)
    expect(await leads(b)).toBe(true)
    elect('a')
    await time.pass(10_000)
    expect(await within(time, 0, a.holds())).toBe(false)
    await time.pass(TTL)
    expect(a.lost).toHaveLength(1)
  })

  test('a machine that slept acknowledges nothing by an answer from before its sleep', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    await time.pass(100)
    a.machine.sleep(GOOD)
    await time.pass(GOOD)
    a.machine.road.travel = 100
    const held = a.fence.holds()
    await time.pass(250)
    // The answer is on its way; another is elected before this node wakes up and reads it.
    a.machine.sleep(60_000)
    await time.pass(50_000)
    elect('b')
    await time.pass(20_000)
    expect(await held).toBe(false)
    expect(a.lost).toHaveLength(1)
  })

  test('an earlier lead’s answers count nothing in the next one', async () => {
    const { a, time, leads, elect } = await setUp()
    a.machine.road.travel = 500
    elect('a')
    const first = a.fence.begin()
    await time.pass(1_200)
    void a.fence.end()
    await time.pass(5_000)
    expect(await first).toBe(false)
    expect(a.fence.age()).toBeNull()
    a.machine.road.travel = 0
    await leads()
    void a.fence.end()
    await time.pass(60_000)
    expect(a.fence.age()).toBeNull()
    expect(a.lost).toEqual([])
  })

  test('nor does its proof', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    elect('b')
    expect(await within(time, 0, a.fence.begin())).toBe(false)
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
  })
})

describe('a node that gets the lease', () => {
  test('waits until the last one’s proof is over, counted from when it saw it', async () => {
    const { a, b, leads, time } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await time.pass(1_000)
    let begun = false
    void leads(b).then((is) => {
      begun = is
    })
    await time.pass(OVER - 1_000 - 1)
    expect(begun).toBe(false)
    expect(await b.holds()).toBe(false)
    expect(b.lines).toEqual(['waiting for the last primary'])
    await time.pass(1)
    expect(begun).toBe(true)
    expect(await b.holds()).toBe(true)
    expect(await within(time, 2_000, a.holds())).toBe(false)
  })

  test('does not wait when it has known that proof for long', async () => {
    const { a, b, leads, time } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await time.pass(OVER)
    expect(await leads(b)).toBe(true)
    expect(b.lines).toEqual([])
  })

  test('waits all of it when it has seen it only now', async () => {
    const { a, b, leads, time } = await setUp()
    b.machine.road.isCut = true
    await leads()
    a.machine.road.isCut = true
    await time.pass(60_000)
    b.machine.road.isCut = false
    const begun = leads(b)
    await time.pass(OVER - 1)
    expect(await b.holds()).toBe(false)
    await time.pass(1)
    expect(await begun).toBe(true)
  })

  test('goes on at once when the last one says that it is over', async () => {
    const { a, b, leads, time } = await setUp()
    await leads()
    const begun = leads(b)
    await time.pass(1_000)
    expect(await b.holds()).toBe(false)
    void a.fence.end()
    await time.pass(0)
    expect(await begun).toBe(true)
    expect(await b.holds()).toBe(true)
  })

  test('waits no more when its own lead ends', async () => {
    const { b, leads, time } = await setUp()
    await leads()
    const begun = leads(b)
    await time.pass(1_000)
    await within(time, 0, b.fence.end())
    await time.pass(500)
    expect(await begun).toBe(false)
    await time.pass(60_000)
    expect(b.fence.age()).toBeNull()
  })

  test('or when the lease goes again', async () => {
    const { b, leads, time, elect } = await setUp()
    await leads()
    const begun = leads(b)
    await time.pass(1_000)
    elect('a')
    await time.pass(500)
    expect(await begun).toBe(false)
  })

  test('does not wait for its own earlier life', async () => {
    const { a, leads, time, start } = await setUp()
    await leads()
    a.die()
    const again = start('a')
    expect(await within(time, 0, again.fence.begin())).toBe(true)
    expect(again.lines).toEqual([])
  })

  test('waits, when Consul has lost the record, as for one that it never saw', async () => {
    const { a, b, leads, time, loseData } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await time.pass(3 * TTL)
    loseData()
    // Its watch tries again.
    await time.pass(1_000)
    await time.pass(1_000)
    const begun = leads(b)
    await time.pass(OVER - 1_001)
    expect(await b.holds()).toBe(false)
    await time.pass(1)
    expect(await begun).toBe(true)
  })
})

describe('the last word of a lead', () => {
  test('comes after what is under way, which would undo it', async () => {
    const { a, leads, time, record } = await setUp()
    await leads()
    a.machine.road.travel = 400
    // The look of the next proof is answered, and the proof on its way; what is asked after it comes a little
    // before it, and a little after.
    await time.pass(TTL / 2 + 900)
    a.machine.road.travel = 150
    void a.fence.end()
    await time.pass(5_000)
    expect(record()).toMatchObject({ node: 'a', over: true })
  })

  test('is never said over another’s record', async () => {
    const { a, b, leads, time, record } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await time.pass(OVER)
    expect(await leads(b)).toBe(true)
    a.machine.road.isCut = false
    await within(time, 0, a.fence.end())
    expect(record()).toMatchObject({ node: 'b', over: false })
  })

  test('of one that has never proven anything is silence', async () => {
    const { b, leads, time, recordIndex } = await setUp()
    await leads()
    const index = recordIndex()
    await within(time, 0, b.fence.end())
    expect(recordIndex()).toBe(index)
  })

  test('is given up when Consul does not answer', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.road.isCut = true
    await within(time, 2_000, a.fence.end())
    expect(a.fence.age()).toBeNull()
  })
})
