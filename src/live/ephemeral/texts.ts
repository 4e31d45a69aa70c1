import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Origin } from './value.ts'

/** What a publisher sends on the topic of its channel. Each text carries its origin and its channel. */
export type ValueText = Origin & { readonly key: string } & (
    | { readonly type: 'full'; readonly seq: number; readonly data: JsonObject }
    | {
        readonly type: 'delta'
        readonly from: number
        readonly seq: number
        readonly changes: JsonObject
        readonly removed: readonly string[]
      }
    /** Nothing happened since this position. */
    | { readonly type: 'at'; readonly seq: number }
    /** It publishes the channel from now on, or no longer. */
    | { readonly type: 'begin' }
    | { readonly type: 'end' }
  )

/** The heartbeat of a process that publishes. */
export type Beat = { readonly epoch: number }

/**
 * A process requests a channel, of which it has (origin, seq). Modes: `renew`, answer only if it lacks
 * something; `answer`, answer in any case; `anybody`, its publisher is gone or it never had one, so any
 * publisher is to answer.
 */
export type Want = Origin & { readonly key: string; readonly seq: number; readonly mode: WantMode }
export type WantMode = (typeof WANT_MODES)[number]

const WANT_MODES = ['renew', 'answer', 'anybody'] as const

/** Returns null for anything that is not such a text; others may write to the relay too. */
export function parseValueText(text: string): ValueText | null {
  const value = parse(text)
  if (value === null) return null
  const { type, key, epoch, begun, from, seq, data, changes, removed } = value
  if (typeof key !== 'string' || !isCount(epoch) || !isCount(begun)) return null
  const head = { key, epoch, begun }
  switch (type) {
    case 'full':
      return isCount(seq) && isJsonObject(data) ? { ...head, type, seq, data } : null
    case 'delta': {
      if (!isCount(from) || !isCount(seq) || from >= seq) return null
      if (!isJsonObject(changes) || !isTexts(removed)) return null
      return { ...head, type, from, seq, changes, removed }
    }
    case 'at':
      return isCount(seq) ? { ...head, type, seq } : null
    case 'begin':
    case 'end':
      return { ...head, type }
    default:
      return null
  }
}

export function printBeat(beat: Beat): string {
  return JSON.stringify(beat)
}

export function parseBeat(text: string): Beat | null {
  const epoch = parse(text)?.epoch
  return isCount(epoch) ? { epoch } : null
}

/** Returns texts of a bounded length each. */
export function printWants(wants: readonly Want[]): readonly string[] {
  const texts: string[] = []
  let open: string[] = []
  let length = 0
  for (const { key, epoch, begun, seq, mode } of wants) {
    const printed = JSON.stringify([key, epoch, begun, seq, WANT_MODES.indexOf(mode)])
    if (length + printed.length > WANTS_LENGTH) {
      texts.push(`[${open.join()}]`)
      open = []
      length = 0
    }
    open.push(printed)
    length += printed.length + 1
  }
  if (open.length > 0) texts.push(`[${open.join()}]`)
  return texts
}

export function parseWants(text: string): readonly Want[] {
  let value: Json
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: Json) => {
    if (!Array.isArray(entry)) return []
    const [key, epoch, begun, seq, number]: readonly (Json | undefined)[] = entry
    const mode = typeof number === 'number' ? WANT_MODES[number] : undefined
    if (typeof key !== 'string' || !isCount(epoch) || !isCount(begun) || !isCount(seq)) return []
    return mode === undefined ? [] : [{ key, epoch, begun, seq, mode }]
  })
}

function parse(text: string): JsonObject | null {
  try {
    const value: Json = JSON.parse(text)
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** UTF-16 units in one text of requests: far below the limit of a relay, whatever the keys contain. */
const WANTS_LENGTH = 16_000
