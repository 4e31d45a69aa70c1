import { Packr } from 'msgpackr'
import type { Json } from '../../src/core/json.ts'
import { decodeMsgpack } from '../../src/protocol/msgpack-reader.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import { median, SHORT } from '../support/answer.ts'

/** For a program that asks for standard MessagePack and does not check its input. */
const msgpackr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' })

const ROUNDS = SHORT ? 3 : 25
/** About how long one codec runs in one round, ms. */
const SLICE_MS = SHORT ? 2 : 20

/**
 * Returns lines with the time to write and to read a message, in µs and beside JSON: by our own code, by
 * msgpackr as the server uses it (by rule P-9), and by msgpackr with its defaults. They run in turns; the
 * figures are medians of rounds.
 */
export function compareCodecs(name: string, texts: readonly string[]): readonly string[] {
  const messages: readonly Json[] = texts.map((text) => JSON.parse(text))
  const packed = messages.map(encodeMsgpack)
  return [
    line(`${name}: write`, [
      ['json', () => each(messages, JSON.stringify)],
      ['own', () => each(messages, encodeMsgpack)],
      ['msgpackr by P-9', () => each(messages, encodeWithMsgpackr)],
      ['msgpackr alone', () => each(messages, (message) => msgpackr.pack(message))],
    ]),
    line(`${name}: read`, [
      ['json', () => each(texts, JSON.parse)],
      ['own', () => each(packed, decodeMsgpack)],
      ['msgpackr alone', () => each(packed, (bytes) => msgpackr.unpack(bytes))],
    ]),
  ]

  function line(title: string, works: readonly (readonly [string, () => void])[]): string {
    const times = timesOf(works.map(([, work]) => work)).map((time) => time / texts.length)
    const json = times[0] ?? Number.NaN
    const figures = works.map(([codec], index) => {
      const micros = times[index] ?? Number.NaN
      return `${codec} ${micros.toPrecision(3)} (${(micros / json).toFixed(2)})`
    })
    return `${title.padEnd(22)} ${figures.join('  ')}`
  }
}

/** Returns the time of each function in µs. */
function timesOf(works: readonly (() => void)[]): readonly number[] {
  const repeats = works.map((work) => Math.max(1, Math.round((SLICE_MS * 1000) / timeOf(work, 5))))
  const rounds = Array.from({ length: ROUNDS }, () =>
    works.map((work, index) => timeOf(work, repeats[index] ?? 1)),
  )
  return works.map((_, index) => median(rounds.map((times) => times[index] ?? Number.NaN)))
}

function timeOf(work: () => void, repeats: number): number {
  const started = performance.now()
  for (let count = 0; count < repeats; count++) work()
  return ((performance.now() - started) * 1000) / repeats
}

function each<Item>(items: readonly Item[], work: (item: Item) => unknown): void {
  for (const item of items) work(item)
}
