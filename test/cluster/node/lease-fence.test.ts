import { describe, expect, test } from 'bun:test'
import { createLeaseFence } from '../../../src/cluster/node/lease-fence.ts'
import { recordingLogger } from '../../support/journal.ts'
import { forSeedsInTurn } from '../../support/seeded.ts'
import { turnedTime } from '../../support/turned-time.ts'

const TTL = 10_000
const GOOD = 8_000

/** A lease that another may get one TTL after its last renewal, and a node that may be cut off from it. */
function setUp(ttl = TTL) {
  const time = turnedTime()
  const lease = {
    renewedAt: 0,
    takenAt: null as number | null,
    isReachable: true,
    /** How long question and answer travel, each. */
    travel: 0,
    asked: 0,
  }
  const travel = () => (lease.travel === 0 ? Promise.resolve() : time.wait(lease.travel))
  const lost: string[] = []
  let isLed = true
  const fence = createLeaseFence({
    lease: {
      async prove() {
        lease.asked += 1
        await travel()
        if (!lease.isReachable) throw new Error('timeout')
        const isOurs = lease.takenAt === null
        if (isOurs) lease.renewedAt = time.now()
        await travel()
        return isOurs
      },
      release: async () => {},
      reachable: async () => lease.isReachable,
      ttl,
    },
    isLed: () => isLed,
    now: time.now,
    wait: time.wait,
    onLost: (reason) => void lost.push(reason),
    logger: recordingLogger(),
  })
  const begin = async () => {
    const [begun] = await Promise.allSettled([fence.begin(), time.pass(2 * lease.travel)])
    if (begun.status === 'rejected') throw begun.reason
    return begun.value
  }
  /** What `holds` comes to, the time that questions take included. */
  const holds = () => Promise.resolve(fence.holds())
  return {
    time,
    lease,
    fence,
    lost,
    begin,
    holds,
    led: (is: boolean) => {
      isLed = is
    },
  }
}

describe('a fence', () => {
  test('is shut before the lead begins and after it ends', async () => {
    const { fence, begin, holds, lease } = setUp()
    expect([await holds(), fence.age()]).toEqual([false, null])
    expect(await begin()).toBe(true)
    expect([fence.holds(), fence.age()]).toEqual([true, 0])
    fence.end()
    expect([await holds(), fence.age(), lease.asked]).toEqual([false, null, 1])
  })

  test('stays shut where the lease is another’s, or cannot be proven', async () => {
    const { begin, holds, lease } = setUp()
    lease.takenAt = 0
    expect([await begin(), await holds()]).toEqual([false, false])
    lease.isReachable = false
    await expect(begin()).rejects.toThrow('timeout')
  })

  test('a lease that is kept is proven again in time, without anybody waiting for it', async () => {
    const { begin, fence, time, lost } = setUp()
    await begin()
    for (let n = 0; n < 100; n++) {
      await time.pass(900)
      expect(fence.holds()).toBe(true)
    }
    expect(lost).toEqual([])
  })

  test('a proof counts from when it was asked for', async () => {
    const { begin, fence, lease } = setUp()
    lease.travel = 700
    await begin()
    expect(fence.age()).toBe(1_400)
  })

  test('an old proof is renewed by whoever asks', async () => {
    const { begin, fence, time, holds, led } = setUp()
    await begin()
    led(false)
    await time.pass(GOOD)
    expect(fence.holds()).not.toBe(true)
    await time.pass(0)
    expect([await holds(), fence.age()]).toEqual([true, 0])
  })

  test('cut off, it acknowledges nothing from two seconds before the lease ends, and is lost when it has', async () => {
    const { begin, fence, time, lease, lost, holds } = setUp()
    await begin()
    lease.isReachable = false
    await time.pass(GOOD - 1)
    expect(fence.holds()).toBe(true)
    await time.pass(1)
    expect(await holds()).toBe(false)
    expect(lost).toEqual([])
    await time.pass(TTL - GOOD + 1_000)
    expect(lost).toEqual(['the lease could not be proven in time'])
    await time.pass(60_000)
    expect(lost).toHaveLength(1)
  })

  test('a lease that another has is lost at the next look', async () => {
    const { begin, time, lease, lost } = setUp()
    await begin()
    lease.takenAt = time.now()
    await time.pass(TTL / 2)
    expect(lost).toEqual(['the lease is held by another node, or by nobody'])
  })

  test('it is not kept alive for a LiteFS that hangs', async () => {
    const { begin, time, lease, lost, led } = setUp()
    await begin()
    led(false)
    await time.pass(TTL + 1_000)
    expect(lease.asked).toBe(1)
    expect(lost).toEqual(['the lease could not be proven in time'])
  })

  test('a machine that slept acknowledges nothing by an answer from before its sleep', async () => {
    const { begin, time, lease, lost, fence } = setUp()
    await begin()
    await time.pass(100)
    time.jump(GOOD)
    lease.travel = 100
    const held = fence.holds()
    await time.pass(100)
    // The answer is on its way; another is elected before this node wakes up and reads it.
    time.jump(60_000)
    lease.takenAt = time.now() - 1_000
    await time.pass(100)
    expect(await held).toBe(false)
    await time.pass(10_000)
    expect(lost).toHaveLength(1)
  })

  test('an earlier lead’s answers count nothing in the next one', async () => {
    const { begin, fence, time, lease, lost } = setUp()
    lease.travel = 1_000
    const first = fence.begin()
    await time.pass(500)
    fence.end()
    await time.pass(5_000)
    expect([await first, fence.age()]).toEqual([false, null])
    await begin()
    fence.end()
    await time.pass(60_000)
    expect([fence.age(), lost]).toEqual([null, []])
  })

  test('nor does its proof', async () => {
    const { begin, fence, lease, holds } = setUp()
    await begin()
    lease.takenAt = 0
    expect([await begin(), await holds(), fence.age()]).toEqual([false, false, null])
  })

  test('a static lease needs no keeping', async () => {
    const { begin, fence, time, lease } = setUp(Infinity)
    await begin()
    await time.pass(1_000_000)
    expect([fence.holds(), lease.asked]).toEqual([true, 1])
  })

  test('a short one leaves time between its margin and the next proof', async () => {
    const { begin, fence } = setUp(1_000)
    await begin()
    expect(fence.holds()).toBe(true)
  })
})

test('whoever is stopped, sleeps or is cut off, acknowledges nothing once another may have the lease', async () => {
  await forSeedsInTurn('FENCE_SEED', 100, async (random) => {
    const { time, lease, fence, begin, led } = setUp()
    await begin()
    let acknowledged = 0
    for (let step = 0; step < 60; step++) {
      const acknowledge = (holds: boolean) => {
        if (!holds) return
        acknowledged += 1
        // Another node takes the lease as soon as it can.
        expect(time.now() - lease.renewedAt).toBeLessThanOrEqual(TTL)
        expect(lease.takenAt).toBeNull()
      }
      const held = fence.holds()
      const asking = typeof held === 'boolean' ? acknowledge(held) : held.then(acknowledge)
      switch (random.int(6)) {
        case 0:
          lease.isReachable = !lease.isReachable
          break
        case 1:
          time.jump(random.pick([500, 4_000, GOOD, 30_000]))
          break
        case 2:
          led(random.oneIn(2))
          break
        case 3:
          lease.travel = random.pick([0, 10, 900])
          break
        default:
          await time.pass(random.pick([100, 1_000, 3_000]))
      }
      for (let part = 0; part < 5; part++) {
        if (lease.takenAt === null && time.now() - lease.renewedAt > TTL) lease.takenAt = time.now()
        await time.pass(400)
        if (random.oneIn(8)) time.jump(random.pick([3_000, 30_000]))
      }
      await asking
      if (lease.takenAt !== null) {
        fence.end()
        lease.takenAt = null
        lease.isReachable = true
        led(true)
        await begin()
      }
    }
    expect(acknowledged).toBeGreaterThan(0)
    fence.end()
    await time.pass(TTL)
  })
})
