import { createClient } from 'redis'
import { systemTimers } from '../../src/app/ticker.ts'
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import { addressOf } from '../../src/relay/redis-address.ts'
import { frameOf } from '../../src/relay/redis-frame.ts'
import { openRedisPair } from '../../src/relay/redis-pair.ts'
import { createRedisRelay } from '../../src/relay/redis-relay.ts'
import type { Relay } from '../../src/relay/types.ts'
import { createCounter, type Side } from './side.ts'

const SENDER = 'A'.repeat(16)

/** Sends from one relay to another through this Redis. */
export async function relayThroughRedis(url: string): Promise<Side> {
  const [from, to] = [relayAt(url, SENDER), relayAt(url, 'B'.repeat(16))]
  const counter = createCounter()
  let isThrough = false
  to.subscribe('t', (text) => {
    if (text !== 'probe') counter.add()
    else isThrough = true
  })
  while (!isThrough) {
    from.publish('t', 'probe')
    await Bun.sleep(5)
  }
  return {
    send(texts) {
      for (const text of texts)
        if (from.publish('t', text) !== 'sent') throw new Error('the relay did not take a text')
    },
    arrived: (texts) => counter.arrived(texts),
    stop: async () => void (await Promise.all([from.close(), to.close()])),
  }
}

/** The control: two clients of the same package publish and subscribe the same bytes. */
export async function rawRedis(url: string): Promise<Side> {
  const [from, to] = [await createClient({ url }).connect(), await createClient({ url }).connect()]
  const counter = createCounter()
  await to.subscribe('dashboard:0:raw', () => counter.add())
  const failed = (error: unknown) => {
    throw error
  }
  return {
    send(texts) {
      for (const text of texts) from.publish('dashboard:0:raw', frameOf(SENDER, text)).catch(failed)
    },
    arrived: (texts) => counter.arrived(texts),
    async stop() {
      from.destroy()
      to.destroy()
    },
  }
}

function relayAt(url: string, sender: string): Relay {
  return createRedisRelay({
    now: systemClock.now,
    failed: (error) => console.error(error),
    address: addressOf(url),
    open: openRedisPair,
    sender,
    random: systemRandom,
    after: systemTimers.after,
    logger: { debug() {}, info() {}, warn: console.error, error: console.error },
  })
}
