/**
 * `npm run fuzz`: a million frames, as strangers may send them, through the server's reader; check.ts says
 * what must hold of each. Prints the seed with which a run is repeated, and ends with 1 at the first fault.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Unpackr } from 'msgpackr'
import { checkFrame, isSame, type Outcome } from './check.ts'
import { frameOf } from './random-frames.ts'

const { values: flags } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  console.log(`Sends random frames through the reader of clients' messages.

Usage: npm run fuzz -- [--frames N] [--seed N] [--only N]

  --frames N  how many (1000000)
  --seed N    repeats the run that printed it
  --only N    the frame of this number alone
  --help      show this page`)
  process.exit(0)
}
const seed = Number(flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0])
const first = Number(flags.only ?? 0)
const end = flags.only === undefined ? Number(flags.frames) : first + 1
if (!Number.isInteger(seed) || !Number.isInteger(first) || !Number.isInteger(end)) {
  console.error('--frames, --seed and --only are integers')
  process.exit(2)
}

/** With its strictest options. */
const OTHER_READER = new Unpackr({ useRecords: false, int64AsType: 'number' })

console.log(`seed ${seed}, ${end - first} frames`)
const progress = new Int32Array(new SharedArrayBuffer(4))
const watchdog = new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: progress })
const started = performance.now()
const counts = new Map<string, { accepted: number; refused: number }>()
const msgpackr = { accepted: 0, different: 0 }
let slowest = { millis: 0, index: 0 }
for (let index = first; index < end; index++) {
  Atomics.store(progress, 0, index)
  const { kind, frame } = frameOf(seed, index)
  const begun = performance.now()
  const outcome = checkFrame(frame)
  const millis = performance.now() - begun
  if (outcome.problem !== null) {
    console.error(
      `frame ${index} (${kind}; npm run fuzz -- --seed ${seed} --only ${index}): ${outcome.problem}`,
    )
    console.error(typeof frame === 'string' ? JSON.stringify(frame) : Buffer.from(frame).toString('hex'))
    process.exit(1)
  }
  const count = counts.get(kind) ?? { accepted: 0, refused: 0 }
  counts.set(kind, count)
  count[outcome.accepted ? 'accepted' : 'refused'] += 1
  if (millis > slowest.millis) slowest = { millis, index }
  if (typeof frame !== 'string') compareWithMsgpackr(frame, outcome)
}
await watchdog.terminate()
for (const [kind, { accepted, refused }] of counts)
  console.log(`${kind}: ${accepted} accepted, ${refused} refused`)
console.log(
  `msgpackr alone would have accepted ${msgpackr.accepted} of those refused, and read ${msgpackr.different} as another value`,
)
console.log(
  `no fault in ${((performance.now() - started) / 1000).toFixed(0)} s; the slowest frame, ${slowest.index}, took ${slowest.millis.toFixed(1)} ms with all that checks it`,
)

/**
 * Counts what another reader makes of it; that is why strangers' bytes are not left to it (decision 0028).
 */
function compareWithMsgpackr(bytes: Uint8Array, outcome: Outcome): void {
  try {
    const value: unknown = OTHER_READER.unpack(bytes)
    if (!outcome.accepted) msgpackr.accepted += 1
    else if (!isSame(value, outcome.value)) msgpackr.different += 1
  } catch {
    if (outcome.accepted) msgpackr.different += 1
  }
}
