import { describe, expect, test } from 'bun:test'
import { createHub } from '../../src/relay/hub.ts'
import type { Outcome, Relay } from '../../src/relay/types.ts'
import { hubOfOneHost, processAtHub } from '../support/relay-ends.ts'
import { inboxOf } from '../support/relay-inbox.ts'
import { until } from '../support/until.ts'

describe('a hub with other hosts behind it', () => {
  test('subscribes there to the topics that a member wants, once each, and no longer than that', () => {
    const { hub, uplink } = hubAtUplink()
    const [a, b] = [hub.join(), hub.join()]
    expect(uplink.topics()).toEqual([])
    const ends = [a.subscribe('t', () => {}), a.subscribe('t', () => {}), b.subscribe('t', () => {})]
    a.subscribe('u', () => {})
    expect(uplink.topics()).toEqual(['t', 'u'])
    for (const end of ends.slice(0, 2)) end()
    expect(uplink.topics()).toEqual(['t', 'u'])
    ends[2]?.()
    expect(uplink.topics()).toEqual(['u'])
    void a.close()
    expect(uplink.topics()).toEqual([])
  })

  test('a text of another host goes to all members that want it, and not back', async () => {
    const { hub, uplink } = hubAtUplink()
    const heard: string[] = []
    for (const name of ['a', 'b']) hub.join().subscribe('t', (text) => void heard.push(`${name} ${text}`))
    hub.join().subscribe('u', (text) => void heard.push(`c ${text}`))
    uplink.tell('t', 'news')
    expect(heard).toEqual([])
    await until(() => heard.length === 2, 'two texts')
    expect(heard).toEqual(['a news', 'b news'])
    expect(uplink.published).toEqual([])
    expect(hub.counts()).toMatchObject({ received: 2, sent: 0 })
  })

  test('without a connection to them, members of this host still receive each other’s texts', async () => {
    const { hub, uplink } = hubAtUplink()
    const [a, b] = [hub.join(), hub.join()]
    const inbox = await inboxOf(b, 't', a)
    uplink.outcome = 'lost'
    expect(a.publish('t', 'x')).toBe('lost')
    await inbox.endsWith('x')
  })

  test('a process that dies is subscribed to nothing any more, and its successor begins anew', async () => {
    const { hub, uplink } = hubAtUplink()
    const here = hub.join()
    const first = await processAtHub(hub)
    await inboxOf(first.relay, 't', here)
    expect(uplink.topics()).toEqual(['t'])
    first.die()
    await until(() => uplink.topics().length === 0, 'topics given up')
    const before = hub.counts().received
    here.publish('t', 'for nobody')
    expect(hub.counts().received).toBe(before)
    const second = await processAtHub(hub)
    const inbox = await inboxOf(second.relay, 't', here)
    here.publish('t', 'hello')
    await inbox.endsWith('hello')
  })

  test('the relay of a process whose supervisor is gone is down', async () => {
    const { relay, near } = await processAtHub(hubOfOneHost())
    expect(relay.state().state).toBe('up')
    near.end()
    expect(relay.state().state).toBe('down')
    expect(relay.publish('t', 'x')).toBe('lost')
    expect(relay.counts().lost).toBe(1)
  })
})

describe('a process that hangs', () => {
  test('costs the hub one window of texts; the rest is lost and counted, others get all, and it goes on afterwards', async () => {
    const hub = hubOfOneHost()
    const here = hub.join()
    const [hanging, other] = [await processAtHub(hub), await processAtHub(hub)]
    const [late, prompt] = [await inboxOf(hanging.relay, 't', here), await inboxOf(other.relay, 't', here)]
    const before = hub.counts()
    const goOn = hanging.far.hang()
    for (let n = 0; n < 20_000; n++) {
      here.publish('t', String(n))
      // The other one has to be given turns to take.
      if (n % 1_000 === 999) await until(() => prompt.texts.length === n + 1, 'a thousand texts')
    }
    const lost = hub.counts().lost - before.lost
    // Up to 63 that it took before it hung need not have been told.
    expect(lost).toBeGreaterThanOrEqual(20_000 - 8_192)
    expect(lost).toBeLessThan(20_000 - 8_192 + 64)
    goOn()
    await until(() => late.texts.length === 20_000 - lost, 'what waited')
    expect(late.texts).toEqual(Array.from({ length: 20_000 - lost }, (_, n) => String(n)))
    await until(() => {
      here.publish('t', 'again')
      return late.texts.at(-1) === 'again'
    }, 'texts after that')
  })

  test('costs the hub no more than eight million characters and one text', async () => {
    const hub = hubOfOneHost()
    const here = hub.join()
    const hanging = await processAtHub(hub)
    await inboxOf(hanging.relay, 't', here)
    hanging.far.hang()
    const before = hub.counts()
    for (let n = 0; n < 200; n++) here.publish('t', 'x'.repeat(65_536))
    expect(hub.counts().received - before.received).toBe(128)
    expect(hub.counts().lost - before.lost).toBe(72)
  })

  test('loses texts of its process beyond the window at once, if it is the supervisor', async () => {
    const { relay, near } = await processAtHub(hubOfOneHost())
    near.hang()
    const outcomes = Array.from({ length: 10_000 }, () => relay.publish('t', 'x'))
    expect(outcomes.filter((outcome) => outcome === 'lost').length).toBe(10_000 - 8_192)
    expect(relay.counts()).toMatchObject({ sent: 8_192, lost: 10_000 - 8_192 })
  })

  test('a member in the same process gets no more than a window within one turn', async () => {
    const hub = hubOfOneHost()
    const [a, b] = [hub.join(), hub.join()]
    const inbox = await inboxOf(b, 't', a)
    for (let n = 0; n < 10_000; n++) a.publish('t', String(n))
    await inbox.endsWith('8191')
    expect(b.counts().lost).toEqual(10_000 - 8_192)
    expect(hub.counts().lost).toEqual(10_000 - 8_192)
  })
})

/** A hub whose uplink is ours. */
function hubAtUplink() {
  const taken = new Map<string, (text: string) => void>()
  const uplink = {
    published: [] as string[],
    outcome: 'sent' as Outcome,
    topics: () => [...taken.keys()],
    tell: (topic: string, text: string) => taken.get(topic)?.(text),
  }
  const relay: Relay = {
    publish(topic, text) {
      uplink.published.push(`${topic} ${text}`)
      return uplink.outcome
    },
    subscribe(topic, take) {
      if (taken.has(topic)) throw new Error(`asked twice: ${topic}`)
      taken.set(topic, take)
      return () => void taken.delete(topic)
    },
    state: () => ({ state: 'up', since: 0 }),
    counts: () => ({ sent: 0, received: 0, lost: 0, refused: 0, ignored: 0 }),
    async close() {},
  }
  return { hub: createHub({ now: () => 0, failed() {}, uplink: relay, defer: setImmediate }), uplink }
}
