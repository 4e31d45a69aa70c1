import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createClient } from 'redis'
import { systemTimers } from '../../src/app/ticker.ts'
import { frameOf } from '../../src/relay/redis-frame.ts'
import type { RedisRelayDeps } from '../../src/relay/redis-relay.ts'
import { MAX_TEXT_BYTES, type Relay } from '../../src/relay/types.ts'
import { redisRelay } from '../support/relay-ends.ts'
import { inboxOf } from '../support/relay-inbox.ts'
import { until } from '../support/until.ts'
import { hasRedis, startRedis, type TestRedis } from './redis-server.ts'

setDefaultTimeout(30_000)

/** The factor by which tests shorten waiting times. */
const FASTER = 10

describe.skipIf(!hasRedis())('a relay through Redis', () => {
  let redis: TestRedis
  let lines: string[]
  const opened: Relay[] = []
  beforeAll(async () => {
    redis = await startRedis()
    lines = []
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((relay) => relay.close()))
    for (const line of lines) {
      expect(line).not.toContain(redis.password)
      expect(line).not.toContain(encodeURIComponent(redis.password))
    }
    lines.length = 0
  })
  afterAll(() => redis.stop())

  function open(url = redis.url, deps: Partial<RedisRelayDeps> = {}): Relay {
    const relay = redisRelay(url, { logger: logger(), ...deps })
    opened.push(relay)
    return relay
  }
  async function openUp(url = redis.url, deps: Partial<RedisRelayDeps> = {}): Promise<Relay> {
    const relay = open(url, deps)
    await isState(relay, 'up')
    return relay
  }
  function logger() {
    const write = (level: string) => (message: string, fields?: object) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  }
  const told = (level: string, message: string) =>
    lines.filter((line) => line.startsWith(`${level} ${message} `)).length

  test('after kill -9 and a restart of Redis texts flow again; those published in between are lost and counted', async () => {
    const [a, b] = [await openUp(), await openUp()]
    const inbox = await inboxOf(b, 't', a)
    a.publish('t', 'before')
    await inbox.endsWith('before')
    await redis.kill()
    await isState(a, 'down')
    await isState(b, 'down')
    const before = a.counts()
    for (let n = 0; n < 10; n++) expect(a.publish('t', `meanwhile ${n}`)).toBe('lost')
    expect(a.counts()).toEqual({ ...before, lost: before.lost + 10 })
    // The next connection knows of subscriptions that were added or removed in between.
    const later: string[] = []
    b.subscribe('later', (text) => void later.push(text))
    b.subscribe('t', () => {})()
    await redis.restart()
    await isState(a, 'up')
    await isState(b, 'up')
    await until(() => {
      a.publish('later', 'x')
      a.publish('t', 'after')
      return later.length > 0 && inbox.texts.at(-1) === 'after'
    }, 'texts after the restart')
    expect(inbox.texts.filter((text) => text.startsWith('meanwhile'))).toEqual([])
    expect({ down: told('warn', 'relay is down'), up: told('info', 'relay is up') }).toEqual({
      down: 2,
      up: 4,
    })
  })

  test('texts that were on their way when Redis died are counted as lost', async () => {
    const relay = await openUp()
    const goOn = redis.hang()
    for (let n = 0; n < 100; n++) expect(relay.publish('t', String(n))).toBe('sent')
    expect(relay.counts().sent).toBe(0)
    await redis.kill()
    goOn()
    await until(() => relay.counts().lost === 100, 'a hundred lost texts')
    expect(relay.counts().sent).toBe(0)
    await redis.restart()
  })

  test('it starts without Redis, and connects once Redis is there', async () => {
    await redis.kill()
    const relay = open()
    await until(() => told('debug', 'relay is still down') > 1, 'three attempts')
    expect(relay.state().state).toBe('down')
    expect(relay.publish('t', 'x')).toBe('lost')
    expect(told('warn', 'relay is down')).toBe(1)
    await redis.restart()
    await isState(relay, 'up')
  })

  test('a Redis that hangs is noticed, buffers no more than the bound, and is used again when it continues', async () => {
    const after: RedisRelayDeps['after'] = (delay, run) => systemTimers.after(delay / FASTER, run)
    const [a, b] = [await openUp(redis.url, { after }), await openUp(redis.url, { after })]
    const inbox = await inboxOf(b, 't', a)
    const goOn = redis.hang()
    const began = performance.now()
    const outcomes = Array.from({ length: 10_000 }, () => a.publish('t', 'into the silence'))
    expect(outcomes.filter((outcome) => outcome === 'sent').length).toBe(8_192)
    await isState(a, 'down')
    expect(performance.now() - began).toBeLessThan(8_000 / FASTER)
    expect(a.counts().lost).toBe(10_000)
    goOn()
    await isState(a, 'up')
    await isState(b, 'up')
    await until(() => {
      a.publish('t', 'again')
      return inbox.texts.at(-1) === 'again'
    }, 'texts after the silence')
    expect(lines.some((line) => line.includes('no answer'))).toBe(true)
  })

  test('garbage on its topics is counted and not delivered', async () => {
    const [a, b] = [await openUp(), await openUp()]
    const inbox = await inboxOf(b, 't', a)
    const stranger = await createClient({ url: redis.url }).connect()
    const frame = frameOf('A'.repeat(16), 'x')
    const garbage = [
      '',
      'x',
      '{"connections":1e9}',
      frame.slice(0, 18),
      frame.replace('r1', 'r2'),
      frame.replace('A', '*'),
      ` ${frame}`,
      frameOf('A'.repeat(15), 'short'),
      frameOf('A'.repeat(16), 'x'.repeat(MAX_TEXT_BYTES + 1)),
      frameOf('A'.repeat(16), '€'.repeat(MAX_TEXT_BYTES / 2)),
    ]
    for (const text of garbage) await stranger.publish('dashboard:0:t', text)
    await stranger.publish('dashboard:0:t', Buffer.from([0xff, 0xfe, 0x00, 0x80]))
    // On other topics, and from clusters with another database number.
    await stranger.publish('t', frame)
    await stranger.publish('dashboard:1:t', frame)
    await stranger.publish('dashboard:0:t', frameOf('A'.repeat(16), 'as another host would'))
    await inbox.endsWith('as another host would')
    expect(inbox.texts).toEqual(['as another host would'])
    expect(b.counts().ignored).toBe(garbage.length + 1)
    stranger.destroy()
  })

  test('clusters with different database numbers on one Redis do not hear each other', async () => {
    const [a, b, other] = [await openUp(), await openUp(), await openUp(`${redis.url}/1`)]
    const inbox = await inboxOf(b, 't', a)
    other.publish('t', 'not for you')
    await until(() => other.counts().sent > 0, 'an answer')
    a.publish('t', 'for you')
    await inbox.endsWith('for you')
    expect(inbox.texts).toEqual(['for you'])
  })

  test('a wrong password is logged once, without the password, and tried again', async () => {
    const url = redis.url.replace(/:[^:@]+@/, `:${encodeURIComponent('wrong/password@')}@`)
    const relay = open(url)
    await until(() => told('debug', 'relay is still down') > 1, 'three attempts')
    expect(told('warn', 'relay is down')).toBe(1)
    expect(lines.join('\n')).toContain('WRONGPASS')
    for (const secret of ['wrong/password@', encodeURIComponent('wrong/password@')])
      expect(lines.join('\n')).not.toContain(secret)
    expect(relay.state().state).toBe('down')
  })

  test('a user without rights to the topics is logged once, and its texts are lost', async () => {
    const admin = await createClient({ url: redis.url }).connect()
    await admin.sendCommand(['ACL', 'SETUSER', 'guest', 'on', '>guest', '+@all', 'resetchannels'])
    const relay = await openUp(redis.url.replace(/\/\/:[^@]+@/, '//guest:guest@'))
    relay.subscribe('t', () => {})
    relay.subscribe('u', () => {})
    for (let n = 0; n < 10; n++) relay.publish('t', 'x')
    await until(() => relay.counts().lost === 10, 'ten refusals')
    await until(() => told('error', 'relay is refused') > 0, 'a line')
    expect(told('error', 'relay is refused')).toBe(1)
    expect(lines.join('\n')).toContain('NOPERM')
    expect(relay.counts().sent).toBe(0)
    expect(relay.state().state).toBe('up')
    admin.destroy()
  })

  test('close ends within a second while Redis hangs', async () => {
    const relay = await openUp()
    const goOn = redis.hang()
    relay.publish('t', 'x')
    const began = performance.now()
    await relay.close()
    expect(performance.now() - began).toBeLessThan(2_500)
    goOn()
  })
})

function isState(relay: Relay, state: 'up' | 'down'): Promise<void> {
  return until(() => relay.state().state === state, `a relay that is ${state}`)
}
