import { afterAll, describe, expect, test } from 'bun:test'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { SignatureCheck } from '../../src/auth/verify.ts'
import { packChecks, unpackChecks } from '../../src/auth/verify-batch.ts'
import {
  createVerifyPool,
  POOL_DEFAULTS,
  startWorker,
  type Verifier,
  type VerifyThread,
} from '../../src/auth/verify-pool.ts'
import { errorOf } from '../support/auth.ts'
import { seededBytes } from '../support/journal.ts'
import { forSeeds } from '../support/seeded.ts'

describe('packed batches', () => {
  test('come back as they went in', () => {
    forSeeds('AUTH_BATCH_SEED', 20, (random, seed) => {
      const bytes = seededBytes(seed)
      const checks = Array.from({ length: random.int(40) }, () => ({
        publicKey: bytes.bytes(32),
        signature: bytes.bytes(64),
        message: bytes.bytes(random.int(300)),
      }))
      expect(unpackChecks(packChecks(checks))).toEqual(checks)
    })
  })
})

describe('the pool on real threads', () => {
  const pool = createVerifyPool()
  afterAll(() => pool.close())

  test('tells good signatures from bad ones, each to its own asker', async () => {
    const checks = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? tampered(makeCheck()) : makeCheck()))
    const verdicts = await Promise.all(checks.map((check) => pool.verify(check)))
    expect(verdicts).toEqual(checks.map((_, i) => ({ ok: true, value: i % 3 !== 0 })))
    expect(pool.depth()).toBe(0)
  })

  test('wrong lengths are false without a thread', async () => {
    const check = makeCheck()
    for (const broken of [
      { ...check, publicKey: new Uint8Array(31) },
      { ...check, signature: new Uint8Array(0) },
    ]) {
      expect(await pool.verify(broken)).toEqual({ ok: true, value: false })
    }
  })
})

test('threads that cannot start, or die, refuse what they were given and nothing hangs', async () => {
  const broken = new URL('data:text/javascript,throw new Error("no")')
  let started = 0
  const pool = createVerifyPool({ ...POOL_DEFAULTS, threads: 1 }, () => {
    started++
    return started < 3 ? startWorker(broken) : startWorker()
  })
  for (let i = 0; i < 2; i++) {
    await Bun.sleep(20)
    expect(errorOf(await pool.verify(makeCheck()))).toStartWith('ServiceUnavailable')
  }
  expect(await pool.verify(makeCheck())).toEqual({ ok: true, value: true })
  expect(started).toBe(3)
  pool.close()
})

describe('the pool', () => {
  const settings = { threads: 2, waiting: 100, batch: 10, gather: 2 }

  test('the first goes at once, what follows goes together', () => {
    const { start, threads, finish, after, turn } = manualThreads()
    const pool = createVerifyPool(settings, start, after)
    ask(pool, 1)
    turn()
    expect(threads.map((thread) => thread.batches)).toEqual([[1], []])
    ask(pool, 5)
    finish(0)
    expect(threads.map((thread) => thread.batches)).toEqual([[1], []])
    turn()
    expect(threads.map((thread) => thread.batches)).toEqual([[1, 5], []])
    finish(0)
    turn()
    ask(pool, 1)
    expect(threads.map((thread) => thread.batches)).toEqual([[1, 5], []])
    turn()
    expect(threads.map((thread) => thread.batches)).toEqual([[1, 5, 1], []])
  })

  test('many are shared out, and while all are busy the rest waits for whoever finishes', async () => {
    const { start, threads, finish, after, turn } = manualThreads()
    const pool = createVerifyPool(settings, start, after)
    const asked = ask(pool, 35)
    turn()
    expect(threads.map((thread) => thread.batches)).toEqual([[10], [10]])
    expect(pool.depth()).toBe(35)
    finish(1)
    expect(threads.map((thread) => thread.batches)).toEqual([[10], [10, 10]])
    finish(0)
    turn()
    expect(threads.map((thread) => thread.batches)).toEqual([
      [10, 5],
      [10, 10],
    ])
    finish(0)
    finish(1)
    expect((await Promise.all(asked)).every((verdict) => verdict.ok && verdict.value)).toBe(true)
    expect(pool.depth()).toBe(0)
  })

  test('refuses what would wait too long, and goes on with the rest', async () => {
    const { start, finish, after, turn } = manualThreads()
    const pool = createVerifyPool({ ...settings, threads: 1, waiting: 3 }, start, after)
    const taken = ask(pool, 3)
    const refused = await pool.verify(makeCheck())
    expect(refused).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 500 } })
    turn()
    finish(0)
    expect((await Promise.all(taken)).every((verdict) => verdict.ok)).toBe(true)
  })

  test('a broken thread fails its batch and is replaced', async () => {
    const { start, threads, finish, after, turn } = manualThreads()
    const pool = createVerifyPool({ ...settings, threads: 1, batch: 2 }, start, after)
    const asked = ask(pool, 3)
    turn()
    finish(0, new Error('gone'))
    expect(threads).toHaveLength(2)
    turn()
    finish(1)
    const verdicts = await Promise.all(asked)
    expect(verdicts.map((verdict) => verdict.ok)).toEqual([false, false, true])
    expect(threads[0]?.stopped).toBe(true)
  })

  test('closing answers everyone', async () => {
    const { start, after, turn } = manualThreads()
    const pool = createVerifyPool({ ...settings, threads: 1, batch: 1 }, start, after)
    const asked = ask(pool, 3)
    turn()
    pool.close()
    for (const verdict of await Promise.all(asked)) expect(errorOf(verdict)).toStartWith('ServiceUnavailable')
    expect(errorOf(await pool.verify(makeCheck()))).toContain('shutting down')
    turn()
  })
})

function ask(pool: Verifier, count: number) {
  return Array.from({ length: count }, () => pool.verify(makeCheck()))
}

function makeCheck(): SignatureCheck {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const message = crypto.getRandomValues(new Uint8Array(40))
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(12),
    message,
    signature: sign(null, message, privateKey),
  }
}

function tampered(check: SignatureCheck): SignatureCheck {
  return { ...check, message: Uint8Array.of(1, 2, 3) }
}

/** Threads that answer, and timers that ring, when told to. */
function manualThreads() {
  const threads: { batches: number[]; stopped: boolean; answer: (outcome: Uint8Array | Error) => void }[] = []
  let timers: (() => void)[] = []
  return {
    threads,
    start(): VerifyThread {
      const thread = { batches: [] as number[], stopped: false, answer: (_: Uint8Array | Error) => {} }
      threads.push(thread)
      return {
        run(batch, answer) {
          thread.batches.push(unpackChecks(batch).length)
          thread.answer = answer
        },
        stop() {
          thread.stopped = true
        },
      }
    },
    finish(index: number, error?: Error) {
      const thread = threads[index]
      thread?.answer(error ?? new Uint8Array(thread.batches.at(-1) ?? 0).fill(1))
    },
    after: (_: number, call: () => void) => void timers.push(call),
    turn() {
      const due = timers
      timers = []
      for (const call of due) call()
    },
  }
}
