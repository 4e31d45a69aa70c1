/**
 * What does the relay cost? Between hosts: texts per second, and the latency of a single one, from a relay
 * through Redis to another relay; the control is two clients of the same package that publish and subscribe
 * the same bytes. Within a host: from a supervisor to a serving process; the control is the same bytes,
 * packed beforehand, over the same kind of channel, where they are only counted. Measurement and control
 * alternate, round by round.
 */
import { rawChannel, relayOfOneHost } from './relay/host-sides.ts'
import { startOwnRedis } from './relay/own-redis.ts'
import { rawRedis, relayThroughRedis } from './relay/redis-sides.ts'
import { latenciesOf, rateOf, type Side } from './relay/side.ts'
import { median, printAnswer, SHORT } from './support/answer.ts'

const ROUNDS = SHORT ? 3 : 15
const SLICES = SHORT ? 1 : 10
/** Texts of a slice, all on their way at a time: half of what may wait in a relay. */
const TEXTS = 4_000
/** Texts that are published in one turn of the event loop. */
const TURN = 50
const LONE = SHORT ? 100 : 500
/** 200 bytes, as large as a value that changes many times a second. */
const TEXT = JSON.stringify({ device: 'd'.repeat(24), network: 'lan', rtt: 20.5, more: 'x'.repeat(124) })

type Found = { readonly rate: number; readonly latencies: readonly number[] }

const redis = await startOwnRedis()
const between = await compare('through Redis', await relayThroughRedis(redis.url), await rawRedis(redis.url))
await redis.stop()
await compare('within a host', await relayOfOneHost(), await rawChannel())
printAnswer({ question: 'relay', unit: 'texts/s through Redis', ...between, aim: 0.5 })
process.exit(0)

async function compare(name: string, ours: Side, control: Side) {
  await measure(ours)
  await measure(control)
  const rounds: { readonly ours: Found; readonly control: Found }[] = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ ours: await measure(ours), control: await measure(control) })
  await ours.stop()
  await control.stop()
  const rates = {
    ours: median(rounds.map((round) => round.ours.rate)),
    control: median(rounds.map((round) => round.control.rate)),
  }
  const ratios = rounds.map((round) => round.ours.rate / round.control.rate).sort((a, b) => a - b)
  console.log(
    `${name}: ${Math.round(rates.ours)} texts/s, control ${Math.round(rates.control)}; ratio of a round ${ratios
      .map((ratio) => ratio.toFixed(2))
      .join(' ')}`,
  )
  for (const side of ['ours', 'control'] as const) {
    const all = rounds.flatMap((round) => round[side].latencies).sort((a, b) => a - b)
    const [half, most] = [all[Math.floor(all.length / 2)], all[Math.floor(all.length * 0.99)]]
    console.log(
      `  a single text, ${side}: ${half?.toFixed(0)} µs in the median, ${most?.toFixed(0)} µs at p99`,
    )
  }
  return rates
}

async function measure(side: Side): Promise<Found> {
  const texts = Array.from({ length: TEXTS }, () => TEXT)
  const rates: number[] = []
  for (let slice = 0; slice < SLICES; slice++) rates.push(await rateOf(side, texts, TURN))
  return { rate: median(rates), latencies: await latenciesOf(side, TEXT, LONE) }
}
