import { afterAll, describe, expect, test } from 'bun:test'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { SignatureCheck } from '../../src/auth/verify.ts'
import { packChecks, unpackChecks } from '../../src/auth/verify-batch.ts'
import { createVerifyPool, type VerifyThread } from '../../src/auth/verify-pool.ts'
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

describe('the pool', () => {
  test('shares a turn out among idle threads, then gathers', async () => {
    const { start, threads, finish } = manualThreads()
    const pool = createVerifyPool({ threads: 2, waiting: 100, batch: 4 }, start)
    const first = Array.from({ length: 6 }, () => pool.verify(makeCheck()))
    await turn()
    expect(threads.map((thread) => thread.batches)).toEqual([[3], [3]])
    const second = Array.from({ length: 9 }, () => pool.verify(makeCheck()))
    await turn()
    expect(pool.depth()).toBe(15)
    finish(0)
    expect(threads[0]?.batches).toEqual([3, 4])
    finish(1)
    finish(0)
    finish(1)
    finish(0)
    const verdicts = await Promise.all([...first, ...second])
    expect(verdicts.every((verdict) => verdict.ok && verdict.value)).toBe(true)
    expect(pool.depth()).toBe(0)
  })

  test('refuses what would wait too long, and goes on with the rest', async () => {
    const { start, finish } = manualThreads()
    const pool = createVerifyPool({ threads: 1, waiting: 3, batch: 10 }, start)
    const taken = Array.from({ length: 3 }, () => pool.verify(makeCheck()))
    const refused = await pool.verify(makeCheck())
    expect(refused).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 500 } })
    await turn()
    finish(0)
    expect((await Promise.all(taken)).every((verdict) => verdict.ok)).toBe(true)
  })

  test('a broken thread fails its batch and is replaced', async () => {
    const { start, threads, finish } = manualThreads()
    const pool = createVerifyPool({ threads: 1, waiting: 100, batch: 2 }, start)
    const asked = [1, 2, 3].map(() => pool.verify(makeCheck()))
    await turn()
    finish(0, new Error('gone'))
    expect(threads).toHaveLength(2)
    finish(1)
    const verdicts = await Promise.all(asked)
    expect(verdicts.map((verdict) => verdict.ok)).toEqual([false, false, true])
    expect(threads[0]?.stopped).toBe(true)
  })

  test('closing answers everyone', async () => {
    const { start } = manualThreads()
    const pool = createVerifyPool({ threads: 1, waiting: 100, batch: 1 }, start)
    const asked = [1, 2, 3].map(() => pool.verify(makeCheck()))
    await turn()
    pool.close()
    for (const verdict of await Promise.all(asked)) expect(errorOf(verdict)).toStartWith('ServiceUnavailable')
    expect(errorOf(await pool.verify(makeCheck()))).toContain('shutting down')
  })
})

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

/** Threads that answer when told to. */
function manualThreads() {
  const threads: { batches: number[]; stopped: boolean; answer: (outcome: Uint8Array | Error) => void }[] = []
  const start = (): VerifyThread => {
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
  }
  const finish = (index: number, error?: Error) => {
    const thread = threads[index]
    thread?.answer(error ?? new Uint8Array(thread.batches.at(-1) ?? 0).fill(1))
  }
  return { start, threads, finish }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
