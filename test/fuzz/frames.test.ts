import { expect, test } from 'bun:test'
import { checkFrame } from './check.ts'
import { frameOf } from './random-frames.ts'

/** As many as take a second; `npm run fuzz` goes through a million, and with any seed. */
const FRAMES = 10_000

test('P-4, P-9: of any bytes or text the server makes what the reference does, or refuses it with a reason', () => {
  const seed = Number(process.env.FUZZ_SEED ?? 1)
  for (let index = 0; index < FRAMES; index++) {
    const { kind, frame } = frameOf(seed, index)
    const { problem } = checkFrame(frame)
    expect(problem, `npm run fuzz -- --seed ${seed} --only ${index} (${kind})`).toBeNull()
  }
})
