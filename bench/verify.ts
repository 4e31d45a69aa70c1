/**
 * What verifies logins best: Bun's asynchronous verify on its native threads, workers that take batches, or
 * noble in workers? All verify the same signatures in one run. Two figures: how many per second while there
 * are always more of them, and what each costs the serving thread, then and when they come one by one, as
 * logins do. Decision: docs/decisions/0009-signature-verification.md
 */
import { generateKeyPairSync, verify as nativeVerify, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { keyObject, type SignatureCheck, verifySync } from '../src/auth/verify.ts'
import { createVerifyPool, POOL_DEFAULTS, startWorker, type Verifier } from '../src/auth/verify-pool.ts'
import { printAnswer, SHORT } from './support/answer.ts'

const checks = Array.from({ length: 512 }, makeCheck)
const native = createVerifyPool()
const noble = createVerifyPool(POOL_DEFAULTS, () =>
  startWorker(new URL('./verify/noble-worker.ts', import.meta.url)),
)

type Verify = (check: SignatureCheck) => Promise<boolean>

const candidates: readonly { readonly name: string; readonly count: number; readonly verify: Verify }[] = [
  // The least that is possible: the cost on the serving thread itself.
  { name: 'native, serving thread', count: 10_000, verify: async (check) => verifySync(check) },
  { name: 'native async', count: 20_000, verify: verifyAsync },
  { name: 'native in workers', count: 20_000, verify: pooled(native) },
  { name: 'noble in workers', count: 1_000, verify: pooled(noble) },
]
const rates = new Map<string, number>()
for (const { name, verify, count } of candidates) {
  const scale = SHORT ? 0.05 : 1
  await flood(verify, count * scale * 0.2)
  const flooded = await flood(verify, count * scale)
  const idle = await trickle(async () => true, 400)
  const trickled = await trickle(verify, SHORT ? 400 : name.startsWith('noble') ? 1_000 : 8_000)
  rates.set(name, flooded.rate)
  const cost = `${micros(flooded.cost)} at that rate, ${micros(trickled.cost - idle.cost)} one by one`
  console.log(
    `${name.padEnd(24)} ${String(Math.round(flooded.rate)).padStart(6)} /s   serving thread: ${cost}`,
  )
}
native.close()
noble.close()
printAnswer({
  question: 'verify',
  unit: 'verifications/s',
  ours: rates.get('native in workers') ?? 0,
  control: rates.get('native async') ?? 0,
  aim: 1,
})
process.exit(0)

type Outcome = { readonly rate: number; readonly cost: number }

/** Verifies as many as possible, always 256 at a time. */
function flood(verify: Verify, count: number): Promise<Outcome> {
  let next = 0
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await checkOne(verify, i)
  }
  return measure(count, () => Promise.all(Array.from({ length: 256 }, lane)))
}

/** Verifies about 4,000 a second, each in another turn of the event loop, as they come from sockets. */
function trickle(verify: Verify, count: number): Promise<Outcome> {
  return measure(count, async () => {
    const pending: Promise<void>[] = []
    while (pending.length < count) {
      await Bun.sleep(1)
      for (let i = 0; i < 4; i++) {
        pending.push(checkOne(verify, pending.length))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(pending)
  })
}

async function checkOne(verify: Verify, index: number): Promise<void> {
  const check = checks[index % checks.length]
  if (check === undefined || !(await verify(check))) throw new Error('a good signature was refused')
}

/** Returns the rate per second, and the `cost` of each in seconds of the serving thread. */
async function measure(count: number, work: () => Promise<unknown>): Promise<Outcome> {
  const startedAt = performance.now()
  const cpu = mainThreadSeconds()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  return { rate: count / seconds, cost: (mainThreadSeconds() - cpu) / count }
}

function micros(seconds: number): string {
  return `${(seconds * 1e6).toFixed(1)} µs each`
}

/** Returns the processor time of the main thread, in seconds (Linux). */
function mainThreadSeconds(): number {
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1e9
}

/** Verifies on Bun's own threads, one task for each check; about 10 µs of each are on the serving thread. */
function verifyAsync(check: SignatureCheck): Promise<boolean> {
  return new Promise((resolve, reject) => {
    nativeVerify(null, check.message, keyObject(check.publicKey), check.signature, (error, valid) => {
      if (error === null) resolve(valid)
      else reject(error)
    })
  })
}

function pooled(pool: Verifier) {
  return async (check: SignatureCheck) => {
    const verdict = await pool.verify(check)
    return verdict.ok && verdict.value
  }
}

function makeCheck(): SignatureCheck {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const message = crypto.getRandomValues(new Uint8Array(200))
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(12),
    message,
    signature: sign(null, message, privateKey),
  }
}
