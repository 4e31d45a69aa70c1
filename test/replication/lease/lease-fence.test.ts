import { describe, expect, test } from 'bun:test'
import { fenceWorld, PROOF_VALIDITY, TAKE_OVER_WAIT, TTL, within } from './fence-world.ts'

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
  test('does not hold before the node leads and after it leads', async () => {
    const { a, leads, time, record } = await setUp()
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
    expect(await leads()).toBe(true)
    expect(a.fence.holds()).toBe(true)
    expect(a.fence.age()).toBe(0)
    await within(time, 0, a.fence.end())
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
    expect(a.reads()).toBe(1)
    expect(record()).toMatchObject({ node: 'a', over: true })
  })

  test('does not hold when the lease is another node’s, or cannot be proven', async () => {
    const { a, time, elect } = await setUp()
    elect('b')
    expect(await within(time, 0, a.fence.begin())).toBe(false)
    expect(await a.holds()).toBe(false)
    a.machine.network.isCut = true
    await expect(within(time, 2_000, a.fence.begin())).rejects.toThrow('timeout')
  })

  test('proves a lease again in time while it is kept, so that no command waits for it', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    for (let n = 0; n < 100; n++) {
      await time.pass(900)
      expect(a.fence.holds()).toBe(true)
    }
    expect(a.lost).toEqual([])
    expect(a.reads()).toBe(19)
  })

  test('counts a proof from when it was asked for', async () => {
    const { a, time, elect } = await setUp()
    a.machine.network.delay = 700
    elect('a')
    expect(await within(time, 2_800, a.fence.begin())).toBe(true)
    // Reading the lease before it does not count.
    expect(a.fence.age()).toBe(1_400)
  })

  test('renews an old proof when it is asked, once for several who ask', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.sleep(PROOF_VALIDITY)
    await time.pass(PROOF_VALIDITY)
    const [one, two] = [a.fence.holds(), a.fence.holds()]
    expect(one).not.toBe(true)
    await time.pass(0)
    expect(await one).toBe(true)
    expect(await two).toBe(true)
    expect(a.fence.age()).toBe(0)
    expect(a.reads()).toBe(2)
  })

  test('does not hold from two seconds before the lease ends when it is cut off, and the lease is lost when that has passed', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await time.pass(PROOF_VALIDITY - 1)
    expect(a.fence.holds()).toBe(true)
    await time.pass(1)
    expect(await within(time, 2_000, a.holds())).toBe(false)
    expect(a.lost).toEqual([])
    await time.pass(TTL - PROOF_VALIDITY + 1_000)
    expect(a.lost).toEqual(['the lease could not be proven in time'])
    await time.pass(60_000)
    expect(a.lost).toHaveLength(1)
  })

  test('loses a lease that another node has at the next proof', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    elect('b')
    await time.pass(TTL / 2)
    expect(a.lost).toEqual(['the lease is held by another node, or by nobody'])
  })

  test('loses a lease that another node had in between, unnoticed by LiteFS', async () => {
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

  test('does not hold by an answer from before a sleep of the machine', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    await time.pass(100)
    a.machine.sleep(PROOF_VALIDITY)
    await time.pass(PROOF_VALIDITY)
    a.machine.network.delay = 100
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

  test('ignores the answers of an earlier term', async () => {
    const { a, time, leads, elect } = await setUp()
    a.machine.network.delay = 500
    elect('a')
    const first = a.fence.begin()
    await time.pass(1_200)
    void a.fence.end()
    await time.pass(5_000)
    expect(await first).toBe(false)
    expect(a.fence.age()).toBeNull()
    a.machine.network.delay = 0
    await leads()
    void a.fence.end()
    await time.pass(60_000)
    expect(a.fence.age()).toBeNull()
    expect(a.lost).toEqual([])
  })

  test('ignores the proof of an earlier term', async () => {
    const { a, leads, time, elect } = await setUp()
    await leads()
    elect('b')
    expect(await within(time, 0, a.fence.begin())).toBe(false)
    expect(await a.holds()).toBe(false)
    expect(a.fence.age()).toBeNull()
  })
})

describe('a node that gets the lease', () => {
  test('waits until the last node’s proof is over, counted from when it observed it', async () => {
    const { a, b, leads, time } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await time.pass(1_000)
    let begun = false
    void leads(b).then((is) => {
      begun = is
    })
    await time.pass(TAKE_OVER_WAIT - 1_000 - 1)
    expect(begun).toBe(false)
    expect(await b.holds()).toBe(false)
    expect(b.lines).toEqual(['waiting for the last primary'])
    await time.pass(1)
    expect(begun).toBe(true)
    expect(await b.holds()).toBe(true)
    expect(await within(time, 2_000, a.holds())).toBe(false)
  })

  test('does not wait when it has known that proof for long enough', async () => {
    const { a, b, leads, time } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await time.pass(TAKE_OVER_WAIT)
    expect(await leads(b)).toBe(true)
    expect(b.lines).toEqual([])
  })

  test('waits for the whole time when it has observed that proof only now', async () => {
    const { a, b, leads, time } = await setUp()
    b.machine.network.isCut = true
    await leads()
    a.machine.network.isCut = true
    await time.pass(60_000)
    b.machine.network.isCut = false
    const begun = leads(b)
    await time.pass(TAKE_OVER_WAIT - 1)
    expect(await b.holds()).toBe(false)
    await time.pass(1)
    expect(await begun).toBe(true)
  })

  test('leads at once when the last node marks its record as over', async () => {
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

  test('ends the wait when its own term ends', async () => {
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

  test('ends the wait when it loses the lease again', async () => {
    const { b, leads, time, elect } = await setUp()
    await leads()
    const begun = leads(b)
    await time.pass(1_000)
    elect('a')
    await time.pass(500)
    expect(await begun).toBe(false)
  })

  test('does not wait for a record of its own earlier life', async () => {
    const { a, leads, time, start } = await setUp()
    await leads()
    a.die()
    const again = start('a')
    expect(await within(time, 0, again.fence.begin())).toBe(true)
    expect(again.lines).toEqual([])
  })

  test('waits, when Consul has lost the record, as for one that it never observed', async () => {
    const { a, b, leads, time, loseData } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await time.pass(3 * TTL)
    loseData()
    // The watcher tries again.
    await time.pass(1_000)
    await time.pass(1_000)
    const begun = leads(b)
    await time.pass(TAKE_OVER_WAIT - 1_001)
    expect(await b.holds()).toBe(false)
    await time.pass(1)
    expect(await begun).toBe(true)
  })
})

describe('a record that is marked as over when a term ends', () => {
  test('is written after a proof under way', async () => {
    const { a, leads, time, record } = await setUp()
    await leads()
    a.machine.network.delay = 400
    // The read of the next proof is answered, and the proof is on its way. What is asked after it would
    // arrive a little before it, and a little after.
    await time.pass(TTL / 2 + 900)
    a.machine.network.delay = 150
    void a.fence.end()
    await time.pass(5_000)
    expect(record()).toMatchObject({ node: 'a', over: true })
  })

  test('is never another node’s', async () => {
    const { a, b, leads, time, record } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await time.pass(TAKE_OVER_WAIT)
    expect(await leads(b)).toBe(true)
    a.machine.network.isCut = false
    await within(time, 0, a.fence.end())
    expect(record()).toMatchObject({ node: 'b', over: false })
  })

  test('is not written by a node that has never proven the lease', async () => {
    const { b, leads, time, recordIndex } = await setUp()
    await leads()
    const index = recordIndex()
    await within(time, 0, b.fence.end())
    expect(recordIndex()).toBe(index)
  })

  test('is not waited for when Consul does not answer', async () => {
    const { a, leads, time } = await setUp()
    await leads()
    a.machine.network.isCut = true
    await within(time, 2_000, a.fence.end())
    expect(a.fence.age()).toBeNull()
  })
})
