import { describe, expect, test } from 'bun:test'
import type { CommandResult } from '../../src/core/command.ts'
import { fail, ok, type Result } from '../../src/core/result.ts'
import { createRouter } from '../../src/forwarding/command-router.ts'
import { createLeading, type NodeWriter } from '../../src/replication/leading.ts'
import { recordingLogger } from '../support/journal.ts'
import { turnedTime } from '../support/turned-time.ts'

const DONE: CommandResult = { ok: true, value: null, epoch: 1, seq: 1 }

function setUp() {
  const time = turnedTime()
  const router = createRouter({ newKey: () => 'k', now: time.now, after: time.after })
  const log: string[] = []
  const proofs: (boolean | Error | Promise<boolean>)[] = []
  /** Openings under way. */
  const openings: ((opened: Result<NodeWriter, readonly string[]>) => void)[] = []
  let delay = false
  let closing = Promise.resolve()
  let ending = Promise.resolve()
  const writer = (): NodeWriter => ({
    bus: { submit: async () => DONE },
    async close() {
      log.push('closing')
      await closing
      log.push('closed')
    },
    abandon: () => void log.push('abandoned'),
  })
  const leading = createLeading({
    fence: {
      holds: () => true,
      age: () => 0,
      async begin() {
        const proof = proofs.shift() ?? true
        if (proof instanceof Error) throw proof
        return proof
      },
      async end() {
        log.push('fence ends')
        await ending
      },
    },
    openWriter() {
      log.push('open')
      if (!delay) return Promise.resolve(ok(writer()))
      return new Promise((resolve) => openings.push(resolve))
    },
    acknowledge: (bus) => bus,
    router,
    onWriting: () => void log.push('writing'),
    onUnable: (reason) => void log.push(reason),
    wait: time.wait,
    logger: recordingLogger(),
  })
  return {
    time,
    router,
    leading,
    log,
    proofs,
    openings,
    writer,
    delayOpening: () => {
      delay = true
    },
    delayClosing: (until: Promise<void>) => {
      closing = until
    },
    delayEnding: (until: Promise<void>) => {
      ending = until
    },
  }
}

describe('a node that leads', () => {
  test('takes commands once the lease is proven and its writer is open', async () => {
    const { leading, time, log, router } = setUp()
    leading.begin()
    expect(leading.isWriting()).toBe(false)
    expect(router.target()).toBe('none')
    await time.pass(0)
    expect(log).toEqual(['open', 'writing'])
    expect(leading.isWriting()).toBe(true)
    expect(router.target()).toBe('writer')
  })

  test('asks for the lease again for three seconds, and cannot lead without it', async () => {
    const { leading, time, log, proofs } = setUp()
    proofs.push(new Error('timeout'), false, true)
    leading.begin()
    await time.pass(400)
    expect(log).toEqual(['open', 'writing'])
    leading.end(false)
    log.length = 0
    proofs.push(...Array.from({ length: 15 }, () => false))
    leading.begin()
    await time.pass(10_000)
    expect(log.filter((each) => each !== 'closed')).toEqual(['LiteFS leads without the lease'])
  })

  test('waits for another’s proof to be over for as long as that takes, and no longer than its own lead', async () => {
    const { leading, time, log, proofs } = setUp()
    const [first, second] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()]
    proofs.push(first.promise, second.promise)
    leading.begin()
    await time.pass(9_000)
    expect(log).toEqual([])
    leading.end(false)
    first.resolve(false)
    leading.begin()
    await time.pass(9_000)
    expect(log).toEqual(['fence ends'])
    expect(proofs).toEqual([])
    second.resolve(true)
    await time.pass(0)
    expect(log.slice(1)).toEqual(['open', 'writing'])
  })

  test('tries again to open its writer', async () => {
    const { leading, time, log, openings, delayOpening, writer } = setUp()
    delayOpening()
    leading.begin()
    await time.pass(0)
    openings[0]?.(fail(['disk I/O error']))
    await time.pass(200)
    openings[1]?.(ok(writer()))
    await time.pass(0)
    expect(log).toEqual(['open', 'open', 'writing'])
  })

  test('cannot lead when its writer does not start in three seconds', async () => {
    const { leading, time, log, openings, delayOpening } = setUp()
    delayOpening()
    leading.begin()
    for (let attempt = 0; attempt < 20; attempt++) {
      await time.pass(200)
      openings.at(-1)?.(fail(['a newer version wrote it']))
    }
    await time.pass(200)
    expect(log.filter((each) => each === 'open')).toHaveLength(15)
    expect(log.at(-1)).toBe('its writer does not start')
  })

  test('its end closes the writer, or abandons it where its storage is gone', async () => {
    for (const gone of [false, true]) {
      const { leading, time, log, router } = setUp()
      leading.begin()
      await time.pass(0)
      leading.end(gone)
      await time.pass(0)
      expect(log.slice(2)).toEqual(gone ? ['fence ends', 'abandoned'] : ['fence ends', 'closing', 'closed'])
      expect(leading.isWriting()).toBe(false)
      expect(router.target()).toBe('none')
    }
  })

  test('that ended leaves alone whoever is aimed at by then', async () => {
    const { leading, time, router } = setUp()
    leading.begin()
    await time.pass(0)
    router.setTarget({ type: 'link', bus: { submit: async () => DONE } })
    leading.end(false)
    expect(router.target()).toBe('link')
  })
})

describe('a lead that ends while it begins', () => {
  test('is not proven any further', async () => {
    const { leading, time, log, proofs } = setUp()
    proofs.push(false)
    leading.begin()
    await time.pass(0)
    leading.end(false)
    await time.pass(5_000)
    expect(log).toEqual(['fence ends'])
  })

  test('a writer that opens too late takes nothing, and goes', async () => {
    for (const gone of [false, true]) {
      const { leading, time, log, openings, delayOpening, writer, router } = setUp()
      delayOpening()
      leading.begin()
      await time.pass(0)
      leading.end(gone)
      openings[0]?.(ok(writer()))
      await time.pass(1_000)
      expect(log.slice(2)).toEqual(gone ? ['abandoned'] : ['closing', 'closed'])
      expect(leading.isWriting()).toBe(false)
      expect(router.target()).toBe('none')
    }
  })

  test('and begins again has one writer', async () => {
    const { leading, time, log, openings, delayOpening, writer } = setUp()
    delayOpening()
    leading.begin()
    await time.pass(0)
    leading.end(false)
    leading.begin()
    await time.pass(0)
    openings[1]?.(ok(writer()))
    openings[0]?.(ok(writer()))
    await time.pass(1_000)
    expect(log).toEqual(['open', 'fence ends', 'open', 'writing', 'closing', 'closed'])
    expect(leading.isWriting()).toBe(true)
  })
})

describe('before a hand-over', () => {
  test('new commands wait, and the drain is over when the writer has closed', async () => {
    const { leading, time, log, router, delayClosing } = setUp()
    const closing = Promise.withResolvers<void>()
    delayClosing(closing.promise)
    leading.begin()
    await time.pass(0)
    leading.hold()
    expect(router.target()).toBe('none')
    expect(leading.isWriting()).toBe(false)
    void leading.drain().then(() => log.push('drained'))
    await time.pass(0)
    expect(log.slice(2)).toEqual(['closing'])
    closing.resolve()
    await time.pass(0)
    expect(log.slice(2)).toEqual(['closing', 'closed', 'fence ends', 'drained'])
    leading.begin()
    await time.pass(0)
    expect(leading.isWriting()).toBe(true)
  })

  test('the drain takes until Consul knows that this node acknowledges nothing more: else its successor would wait', async () => {
    const { leading, time, log, delayEnding } = setUp()
    const ending = Promise.withResolvers<void>()
    delayEnding(ending.promise)
    leading.begin()
    await time.pass(0)
    leading.hold()
    void leading.drain().then(() => log.push('drained'))
    await time.pass(1_000)
    expect(log.slice(2)).toEqual(['closing', 'closed', 'fence ends'])
    ending.resolve()
    await time.pass(0)
    expect(log.at(-1)).toBe('drained')
  })

  test('a writer that is just being opened is waited for: its first transaction would cost LiteFS its life', async () => {
    const { leading, time, log, openings, delayOpening, writer } = setUp()
    delayOpening()
    leading.begin()
    await time.pass(0)
    leading.hold()
    void leading.drain().then(() => log.push('drained'))
    await time.pass(1_000)
    expect(log).toEqual(['open'])
    openings[0]?.(ok(writer()))
    await time.pass(0)
    expect(log).toEqual(['open', 'closing', 'closed', 'fence ends', 'drained'])
  })
})
