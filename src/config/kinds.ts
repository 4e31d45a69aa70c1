import ipaddr from 'ipaddr.js'
import type { Millis } from '../core/clock.ts'
import { fail, ok } from '../core/result.ts'
import type { AddressRanges, AllowedOrigins, KnownHosts } from '../http/types.ts'
import type { Kind } from './setting.ts'

/** In milliseconds. */
const HOUR = 3_600_000

/**
 * A whole number between `least` and `most`, both included; digits only, so that `1e3` or `0x10` is no
 * surprise.
 */
export function whole(fallback: number, least: number, most: number): Kind<number> {
  const expected = `a whole number from ${least} to ${most}`
  return {
    ...literal(fallback),
    parse(given) {
      const value = Number(given)
      return /^\d{1,15}$/.test(given) && value >= least && value <= most ? ok(value) : fail(expected)
    },
  }
}

/** Hours, as a whole number; the value is in milliseconds. */
export function hours(fallback: number, least: number, most: number): Kind<Millis> {
  const number = whole(fallback, least, most)
  return {
    fallback: fallback * HOUR,
    shown: number.shown,
    parse(given) {
      const parsed = number.parse(given)
      return parsed.ok ? ok(parsed.value * HOUR) : parsed
    },
  }
}

/** A whole number, or the word `auto`. */
export function wholeOrAuto(fallback: number, least: number, most: number): Kind<number | 'auto'> {
  const number = whole(fallback, least, most)
  return {
    ...literal(fallback),
    parse(given) {
      if (given === 'auto') return ok(given)
      const parsed = number.parse(given)
      return parsed.ok ? parsed : fail(`${parsed.error}, or auto`)
    },
  }
}

/** Text that matches `pattern` as a whole. */
export function text(fallback: string, expected: string, pattern: RegExp): Kind<string> {
  return { ...literal(fallback), parse: (given) => (pattern.test(given) ? ok(given) : fail(expected)) }
}

/** A path; what may be wrong with it (missing, not writable) is seen when it is used. */
export function file<T extends string | null>(fallback: T): Kind<T | string> {
  return { ...literal(fallback), parse: (given) => (given.includes('\0') ? fail('a path') : ok(given)) }
}

/** One of a few words. */
export function oneOf<const T extends string>(fallback: NoInfer<T>, words: readonly T[]): Kind<T> {
  return {
    ...literal(fallback),
    parse(given) {
      const found = words.find((word) => word === given)
      return found === undefined ? fail(`one of ${words.join(', ')}`) : ok(found)
    },
  }
}

/** Channel names separated by commas; the word `none` for an empty list. */
export function channelNames(fallback: readonly string[]): Kind<readonly string[]> {
  const example = fallback[0] ?? 'board.channel'
  return list(fallback, `channel names like ${example}, separated by commas, or none`, (item) =>
    /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(item) ? item : null,
  )
}

/** Some of a few words, separated by commas; the word `none` for an empty list. */
export function someOf(fallback: readonly string[], words: readonly string[]): Kind<readonly string[]> {
  return list(fallback, `some of ${words.join(', ')}, separated by commas, or none`, (item) =>
    words.includes(item) ? item : null,
  )
}

/**
 * The address of a Redis server, with its password if it has one. A number after the slash keeps clusters
 * apart that share the server.
 */
export function redisUrl(): Kind<string | null> {
  const form = /^rediss?:\/\/([^@/?#]*@)?[^@/?#]+(\/\d{0,4})?$/
  return {
    ...literal(null),
    secret: true,
    parse(given) {
      const url = form.test(given) && URL.canParse(given) ? new URL(given) : null
      const isReadable = url !== null && isDecodable(url.username) && isDecodable(url.password)
      return isReadable ? ok(given) : fail('a URL like redis://host:6379')
    },
  }
}

/** Web origins (`https://host[:port]`, nothing after it) separated by commas, or `*` for every origin. */
export function origins(): Kind<AllowedOrigins> {
  const exact = list([], 'origins like https://example.org, separated by commas, or *', (item) =>
    URL.canParse(item) && new URL(item).origin === item ? item : null,
  )
  return {
    fallback: { mode: 'listed', origins: new Set() },
    shown: 'none',
    parse(given) {
      if (given.trim() === '*') return ok({ mode: 'any' })
      const parsed = exact.parse(given)
      return parsed.ok ? ok({ mode: 'listed', origins: new Set(parsed.value) }) : parsed
    },
  }
}

/** Hosts (`example.org`, `example.org:8443`, `[::1]`) separated by commas, or `*` for every host. */
export function hosts(): Kind<KnownHosts | null> {
  const exact = list([], 'hosts like example.org or example.org:8443, separated by commas, or *', (item) => {
    const host = item.toLowerCase()
    return /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/.test(host) && URL.canParse(`http://${host}`) ? host : null
  })
  return {
    ...literal(null),
    parse(given) {
      if (given.trim() === '*') return ok({ mode: 'any' })
      const parsed = exact.parse(given)
      // `none` would lock everybody out.
      if (parsed.ok && parsed.value.length === 0) return fail('at least one host')
      return parsed.ok ? ok({ mode: 'listed', hosts: new Set(parsed.value) }) : parsed
    },
  }
}

/** IP addresses and CIDR ranges separated by commas. */
export function addressRanges(): Kind<AddressRanges> {
  return list([], 'IP addresses or CIDR ranges like 10.0.0.0/8, separated by commas', (item) => {
    if (ipaddr.isValidCIDR(item)) return ipaddr.parseCIDR(item)
    if (!ipaddr.isValid(item)) return null
    const address = ipaddr.parse(item)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  })
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function list<T>(
  fallback: readonly T[],
  expected: string,
  parseItem: (item: string) => T | null,
): Kind<readonly T[]> {
  return {
    fallback,
    shown: fallback.length === 0 ? 'none' : `\`${fallback.join()}\``,
    parse(given) {
      if (given.trim() === 'none') return ok([])
      const values: T[] = []
      for (const item of given.split(',')) {
        const value = parseItem(item.trim())
        if (value === null) return fail(expected)
        values.push(value)
      }
      return ok(values)
    },
  }
}

/** A fallback that is shown as it is written in the environment. */
function literal<T extends string | number | null>(fallback: T): Pick<Kind<T>, 'fallback' | 'shown'> {
  return { fallback, shown: fallback === null ? 'none' : `\`${fallback}\`` }
}
