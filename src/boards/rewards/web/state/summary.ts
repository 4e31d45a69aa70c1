import type { JsonObject } from '../../../../core/json.ts'
import { numberIn, objectsIn, textIn } from '../../../../web/state/fields.ts'
import { UNKNOWN_COUNTRY } from '../format.ts'

/** One country of `rewards.summary`. `share`: its part of all devices online, 0 to 1. */
export type CountryShare = { readonly code: string; readonly online: number; readonly share: number }

/** A device that came online. `n` is the number of the arrival, and unique. */
export type Arrival = {
  readonly n: number
  readonly at: number
  readonly country: string
  readonly network: string
  readonly kind: 'new' | 'returning'
}

/** Returns countries by devices online, most first; ties by code, so that the order is stable. */
export function rankCountries(countries: JsonObject): readonly CountryShare[] {
  const counted = objectsIn(countries)
    .map(([code, fields]) => ({ code, online: numberIn(fields, 'online') }))
    .filter(({ online }) => online > 0)
  const all = counted.reduce((sum, { online }) => sum + online, 0)
  return counted
    .sort((a, b) => b.online - a.online || (a.code < b.code ? -1 : 1))
    .map(({ code, online }) => ({ code, online, share: online / all }))
}

/** Returns arrivals, newest first. */
export function listArrivals(arrivals: JsonObject): readonly Arrival[] {
  return objectsIn(arrivals)
    .map(([n, fields]) => ({ ...arrivalOf(fields), n: Number(n) }))
    .filter(({ n }) => Number.isSafeInteger(n))
    .sort((a, b) => b.n - a.n)
}

/**
 * Returns the number of devices for each hundred of the score, lowest first. Keys are ranges such as
 * `200-299`.
 */
export function scoreBuckets(scores: JsonObject): readonly number[] {
  const buckets = Array.from({ length: 10 }, () => 0)
  for (const key of Object.keys(scores)) {
    const bucket = Math.floor(Number.parseInt(key, 10) / 100)
    if (bucket >= 0 && bucket < buckets.length) buckets[bucket] = numberIn(scores, key)
  }
  return buckets
}

function arrivalOf(fields: JsonObject): Omit<Arrival, 'n'> {
  return {
    at: numberIn(fields, 'at'),
    country: textIn(fields, 'country') || UNKNOWN_COUNTRY,
    network: textIn(fields, 'network'),
    kind: textIn(fields, 'kind') === 'new' ? 'new' : 'returning',
  }
}
