import { afterEach, describe, expect, test } from 'bun:test'
import { MAX_TEXT_BYTES, type Relay } from '../../src/relay/types.ts'
import type { OpenEnd } from '../support/relay-ends.ts'
import { inboxOf } from '../support/relay-inbox.ts'
import { until } from '../support/until.ts'

/**
 * What every implementation of Relay must do; what `begin` answers opens one more end of the same relay each
 * time.
 */
export function relayContract(name: string, begin: () => OpenEnd): void {
  describe(`relay: ${name}`, () => {
    const opened: Relay[] = []
    const failures: string[] = []
    afterEach(async () => {
      failures.length = 0
      await Promise.all(opened.splice(0).map((end) => end.close()))
    })

    async function threeEnds() {
      const open = begin()
      const end = async () => {
        const relay = await open((_error, topic) => failures.push(topic))
        opened.push(relay)
        return relay
      }
      return [await end(), await end(), await end()] as const
    }

    test('a text goes to all others and not back to its publisher, which is subscribed too', async () => {
      const [a, b, c] = await threeEnds()
      const [atA, atB, atC] = [await inboxOf(a, 't', b), await inboxOf(b, 't', a), await inboxOf(c, 't', a)]
      expect(a.publish('t', 'from a')).toBe('sent')
      await atB.endsWith('from a')
      await atC.endsWith('from a')
      // What comes back would be there before what was published later.
      b.publish('t', 'from b')
      await atA.endsWith('from b')
      await atC.endsWith('from b')
      expect({ a: atA.texts, b: atB.texts, c: atC.texts }).toEqual({
        a: ['from b'],
        b: ['from a'],
        c: ['from a', 'from b'],
      })
    })

    test('texts of one publisher on one topic arrive in order, with other publishers too', async () => {
      const [a, b, c] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      for (let n = 0; n < 1_000; n++) {
        a.publish('t', `a ${n}`)
        c.publish('t', `c ${n}`)
        if (n % 100 === 0) await Bun.sleep(1)
      }
      await until(() => inbox.texts.length === 2_000, 'all texts')
      for (const name of ['a', 'c']) {
        const own = inbox.texts.filter((text) => text.startsWith(name))
        expect(own).toEqual(Array.from({ length: 1_000 }, (_, n) => `${name} ${n}`))
      }
    })

    test('only texts of subscribed topics arrive, until the subscription ends', async () => {
      const [a, b] = await threeEnds()
      const wanted = await inboxOf(b, 'wanted', a)
      const barrier = await inboxOf(b, 'barrier', a)
      a.publish('other', 'x')
      a.publish('wanted', 'y')
      a.publish('wanted:not', 'z')
      await wanted.endsWith('y')
      wanted.end()
      wanted.end()
      a.publish('wanted', 'too late')
      a.publish('barrier', 'end')
      await barrier.endsWith('end')
      expect(wanted.texts).toEqual(['y'])
      const again = await inboxOf(b, 'wanted', a)
      a.publish('wanted', 'back')
      await again.endsWith('back')
      expect({ before: wanted.texts, afterwards: again.texts }).toEqual({
        before: ['y'],
        afterwards: ['back'],
      })
    })

    test('several subscribers of a topic at one end are independent, the same function twice too', async () => {
      const [a, b] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      const heard: string[] = []
      const take = (text: string) => void heard.push(text)
      const ends = [b.subscribe('t', take), b.subscribe('t', take)]
      a.publish('t', 'twice')
      await inbox.endsWith('twice')
      ends[0]?.()
      a.publish('t', 'once')
      await inbox.endsWith('once')
      ends[1]?.()
      a.publish('t', 'never')
      await inbox.endsWith('never')
      expect(heard).toEqual(['twice', 'twice', 'once'])
    })

    test('a subscription that an earlier subscriber of the same text ends does not get it', async () => {
      const [a, b] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      const heard: string[] = []
      b.subscribe('t', () => end())
      const end = b.subscribe('t', (text) => void heard.push(text))
      a.publish('t', 'x')
      await inbox.endsWith('x')
      a.publish('t', 'y')
      await inbox.endsWith('y')
      expect(heard).toEqual([])
    })

    test('no subscriber is called before publish returns, and subscribers may publish, subscribe and unsubscribe', async () => {
      const [a, b] = await threeEnds()
      let publishing = false
      const rallies: number[] = []
      const hit = (by: Relay) => (text: string) => {
        if (text.startsWith('probe') || text.startsWith('last')) return
        expect(publishing).toBe(false)
        rallies.push(Number(text))
        by.subscribe('t', () => {})()
        publishing = true
        if (Number(text) < 100) by.publish('t', String(Number(text) + 1))
        publishing = false
      }
      await inboxOf(a, 't', b)
      await inboxOf(b, 't', a)
      a.subscribe('t', hit(a))
      b.subscribe('t', hit(b))
      a.publish('t', '0')
      await until(() => rallies.length >= 101, 'the last of a hundred answers')
      expect(rallies).toEqual(Array.from({ length: 101 }, (_, n) => n))
      expect(failures).toEqual([])
    })

    test('texts arrive unchanged, up to the limit in bytes; larger ones are refused', async () => {
      const [a, b] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      const texts = [
        '',
        ' ',
        '\0\r\n*3\r\n',
        '{"a":"\\"ü€😀\\u0000"}',
        'r1 AAAAAAAAAAAAAAAA text',
        'x'.repeat(MAX_TEXT_BYTES),
        `${'€'.repeat((MAX_TEXT_BYTES - 1) / 3)}x`,
      ]
      const before = a.counts().refused
      for (const text of texts) expect(a.publish('t', text)).toBe('sent')
      for (const text of ['x'.repeat(MAX_TEXT_BYTES + 1), `${'€'.repeat((MAX_TEXT_BYTES - 1) / 3)}xx`])
        expect(a.publish('t', text)).toBe('refused')
      a.publish('t', 'end')
      await inbox.endsWith('end')
      expect(inbox.texts.length).toBe(texts.length + 1)
      expect(inbox.texts.every((text, index) => text === [...texts, 'end'][index])).toBe(true)
      expect(a.counts().refused - before).toBe(2)
    })

    test('a topic of another form is refused, and cannot be subscribed to', async () => {
      const [a] = await threeEnds()
      for (const topic of [
        '',
        ' ',
        'a b',
        'a*',
        '?',
        'a..b',
        '.a',
        'a:',
        'a\n',
        'ä',
        '[a]',
        'x'.repeat(129),
      ]) {
        expect(a.publish(topic, 'text')).toBe('refused')
        expect(() => a.subscribe(topic, () => {})).toThrow(RangeError)
      }
      for (const topic of ['a', 'A-1_b', 'device:u_1.d-2', 'x'.repeat(128)]) {
        expect(a.publish(topic, 'text')).toBe('sent')
        a.subscribe(topic, () => {})()
      }
    })

    test('a subscriber that throws does not affect the others', async () => {
      const [a, b, c] = await threeEnds()
      const atA = await inboxOf(a, 't', b)
      b.subscribe('t', () => {
        throw new Error('no')
      })
      const [atB, atC] = [await inboxOf(b, 't', a), await inboxOf(c, 't', a)]
      failures.length = 0
      for (const text of ['1', '2']) a.publish('t', text)
      await atB.endsWith('2')
      await atC.endsWith('2')
      expect(atB.texts).toEqual(['1', '2'])
      expect(atC.texts).toEqual(['1', '2'])
      expect(failures).toEqual(['t', 't'])
      b.publish('t', 'still here')
      await atA.endsWith('still here')
    })

    test('every text is counted by its outcome', async () => {
      const [a, b] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      // The probes too have been counted when all that was handed on is answered for.
      await until(() => a.counts().sent >= b.counts().received, 'answers for the probes')
      const [sentBefore, heardBefore] = [a.counts(), b.counts()]
      for (let n = 1; n <= 50; n++) a.publish('t', String(n))
      a.publish('nobody.hears', 'x')
      a.publish('no topic', 'x')
      await inbox.endsWith('50')
      await until(() => a.counts().sent - sentBefore.sent === 51, '51 texts sent')
      expect(a.counts()).toEqual({
        ...sentBefore,
        sent: sentBefore.sent + 51,
        refused: sentBefore.refused + 1,
      })
      expect(b.counts()).toEqual({ ...heardBefore, received: heardBefore.received + 50 })
    })

    test('after close no text arrives or leaves, and the others go on', async () => {
      const [a, b, c] = await threeEnds()
      const [atA, atB] = [await inboxOf(a, 't', b), await inboxOf(b, 't', c)]
      const closing = a.close()
      expect(a.publish('t', 'too late')).toBe('lost')
      a.subscribe('t', () => {
        throw new Error('heard after the end')
      })
      await closing
      await a.close()
      b.publish('t', 'for nobody')
      c.publish('t', 'from c')
      await atB.endsWith('from c')
      expect({ a: atA.texts, b: atB.texts }).toEqual({ a: [], b: ['from c'] })
      expect(failures).toEqual([])
      expect(a.counts().lost).toBe(1)
      expect(b.state().state).toBe('up')
    })

    test('a text that was published before close still leaves', async () => {
      const [a, b] = await threeEnds()
      const inbox = await inboxOf(b, 't', a)
      for (let n = 0; n < 100; n++) a.publish('t', String(n))
      await a.close()
      await inbox.endsWith('99')
      expect(inbox.texts.length).toBe(100)
    })
  })
}
