import type { GrowingAmount } from '../../../../client/amount.ts'
import { isJsonObject, type JsonObject, ownValue } from '../../../../core/json.ts'
import {
  amountIn,
  numberIn,
  numberOrNullIn,
  objectIn,
  objectsIn,
  textIn,
} from '../../../../web/state/fields.ts'
import { UNKNOWN_COUNTRY } from '../format.ts'

/** Why a device earns or does not; `explain.ts` has the words. */
export const EARNING_STATES = ['earning', 'duplicate_ip', 'address_limit', 'offline', 'unknown'] as const
export type EarningState = (typeof EARNING_STATES)[number]

export const SCORE_PARTS = ['uptime', 'loss', 'latency', 'stability'] as const
export type ScorePart = (typeof SCORE_PARTS)[number]

export type DeviceView = {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly country: string
  readonly online: boolean
  readonly earning: EarningState
  /** 0 to 1000; null until the first report. */
  readonly score: number | null
  readonly scoreState: 'unknown' | 'provisional' | 'established'
  /** The score that is paid for. */
  readonly paidScore: number
  readonly parts: { readonly [Part in ScorePart]: number } | null
  readonly networks: readonly NetworkView[]
  readonly firstSeenAt: number
  readonly connectedAt: number
  readonly lastSeenAt: number
  readonly points: GrowingAmount
}

export type NetworkView = {
  readonly name: string
  /** Percent. */
  readonly loss: number
  /** Milliseconds. */
  readonly rtt: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Returns one device of `rewards.networks`. */
export function readDevice(id: string, fields: JsonObject): DeviceView {
  const parts = ownValue(fields, 'parts')
  return {
    id,
    name: textIn(fields, 'name') || id,
    address: textIn(fields, 'address'),
    country: textIn(fields, 'country') || UNKNOWN_COUNTRY,
    online: textIn(fields, 'status') === 'online',
    earning: oneOf(EARNING_STATES, textIn(fields, 'earning'), 'unknown'),
    score: numberOrNullIn(fields, 'score'),
    scoreState: oneOf(SCORE_STATES, textIn(fields, 'score_state'), 'unknown'),
    paidScore: numberIn(fields, 'paid_score'),
    parts: isJsonObject(parts) ? readParts(parts) : null,
    networks: objectsIn(objectIn(fields, 'networks')).map(([name, network]) => ({
      name,
      loss: numberIn(network, 'loss'),
      rtt: numberIn(network, 'rtt'),
      bytesIn: numberIn(network, 'bytes_in'),
      bytesOut: numberIn(network, 'bytes_out'),
    })),
    firstSeenAt: numberIn(fields, 'first_seen_at'),
    connectedAt: numberIn(fields, 'connected_at'),
    lastSeenAt: numberIn(fields, 'last_seen_at'),
    points: amountIn(fields, 'points'),
  }
}

/** Returns ids in the order of the list: devices online first, then by name. */
export function orderDevices(devices: JsonObject): readonly string[] {
  return objectsIn(devices)
    .map(([id, fields]) => ({
      id,
      name: textIn(fields, 'name') || id,
      online: textIn(fields, 'status') === 'online',
    }))
    .sort(
      (a, b) =>
        Number(b.online) - Number(a.online) || NAMES.compare(a.name, b.name) || (a.id < b.id ? -1 : 1),
    )
    .map(({ id }) => id)
}

const SCORE_STATES = ['unknown', 'provisional', 'established'] as const
const NAMES = new Intl.Collator('en', { numeric: true })

function readParts(parts: JsonObject): { readonly [Part in ScorePart]: number } {
  return {
    uptime: numberIn(parts, 'uptime'),
    loss: numberIn(parts, 'loss'),
    latency: numberIn(parts, 'latency'),
    stability: numberIn(parts, 'stability'),
  }
}

function oneOf<Word extends string>(words: readonly Word[], given: string, otherwise: Word): Word {
  return words.find((word) => word === given) ?? otherwise
}
