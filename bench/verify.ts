/**
 * Who verifies logins best? Bun's asynchronous verify on its native threads, Workers that take packed batches, or noble in
 * Workers. One run, the same signatures, the same number in flight. Decision: docs/decisions/0003-signature-verification.md
 */
import { generateKeyPairSync, verify as nativeVerify, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { keyObject, type SignatureCheck, verifySync } from '../src/auth/verify.ts'
import { createVerifyPool, POOL_DEFAULTS, startWorker, type Verifier } from '../src/auth/verify-pool.ts'

const IN_FLIGHT = [1, 32, 256]

const checks = Array.from({ length: 512 }, makeCheck)
const native = createVerifyPool()
const noble = createVerifyPool(POOL_DEFAULTS, () =>
  startWorker(new URL('./verify/noble-worker.ts', import.meta.url)),
)

/** First what runs on the main thread, as the floor. */
const rows = [
  {
    name: 'native, on the main thread',
    count: 10_000,
    verify: async (check: SignatureCheck) => verifySync(check),
  },
  { name: 'native async', count: 20_000, verify: verifyAsync },
  { name: 'native in workers, packed', count: 20_000, verify: pooled(native) },
  { name: 'noble in workers, packed', count: 1_000, verify: pooled(noble) },
]
for (const row of rows) await run(row.verify, row.count / 10, 32)
const rates = new Map<string, number>()
for (const inFlight of IN_FLIGHT) {
  for (const row of rows) {
    const { seconds, mainSeconds } = await run(row.verify, row.count, inFlight)
    const rate = row.count / seconds
    rates.set(row.name, Math.max(rate, rates.get(row.name) ?? 0))
    const main = ((mainSeconds / row.count) * 1e6).toFixed(1)
    console.log(
      `${row.name.padEnd(28)} in flight ${String(inFlight).padStart(4)}  ${Math.round(rate)} /s  serving thread ${main} us each`,
    )
  }
}
native.close()
noble.close()
const ours = Math.round(rates.get('native in workers, packed') ?? 0)
const control = Math.round(rates.get('native async') ?? 0)
console.log(
  JSON.stringify({
    question: 'verify',
    unit: 'verifications/s',
    ours,
    control,
    ratio: ours / control,
    aim: 1,
  }),
)

async function run(verify: (check: SignatureCheck) => Promise<boolean>, count: number, inFlight: number) {
  const startedAt = performance.now()
  const cpu = mainThreadSeconds()
  let next = 0
  let valid = 0
  const lane = async () => {
    for (let i = next++; i < count; i = next++) {
      const check = checks[i % checks.length]
      if (check !== undefined && (await verify(check))) valid++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  if (valid !== count) throw new Error(`${count - valid} good signatures were refused`)
  return { seconds: (performance.now() - startedAt) / 1000, mainSeconds: mainThreadSeconds() - cpu }
}

/** Time the main thread itself was on a processor (Linux). */
function mainThreadSeconds(): number {
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1e9
}

/** Bun's own threads, one task a check: about 10 us of each are the serving thread's. */
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
