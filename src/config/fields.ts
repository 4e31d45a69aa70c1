import ipaddr from 'ipaddr.js'
import { fail, ok, type Result } from '../core/result.ts'
import type { AddressRanges, AllowedOrigins, KnownHosts } from '../http/types.ts'

/** How one variable is read. `parse` fails with a phrase that says what is expected, e.g. "a whole number". */
export type Field<T> = {
  readonly fallback: T
  /** The value may hold a password: no message repeats it. */
  readonly secret?: true
  parse(given: string): Result<T, string>
}

/** A whole number between `least` and `most`, both included; digits only, so that `1e3` or `0x10` is no surprise. */
export function whole(fallback: number, least: number, most: number): Field<number> {
  const expected = `a whole number from ${least} to ${most}`
  return {
    fallback,
    parse(given) {
      const value = Number(given)
      return /^\d{1,15}$/.test(given) && value >= least && value <= most ? ok(value) : fail(expected)
    },
  }
}

/** A whole number, or the word `auto`. */
export function wholeOrAuto(fallback: number, least: number, most: number): Field<number | 'auto'> {
  const number = whole(fallback, least, most)
  return {
    fallback,
    parse(given) {
      if (given === 'auto') return ok(given)
      const parsed = number.parse(given)
      return parsed.ok ? parsed : fail(`${parsed.error}, or auto`)
    },
  }
}

/** Text that matches `pattern` as a whole. */
export function text(fallback: string, expected: string, pattern: RegExp): Field<string> {
  return { fallback, parse: (given) => (pattern.test(given) ? ok(given) : fail(expected)) }
}

/** A path; what may be wrong with it (missing, not writable) is seen when it is used. */
export function file<T extends string | null>(fallback: T): Field<T | string> {
  return { fallback, parse: (given) => (given.includes('\0') ? fail('a path') : ok(given)) }
}

/** One of a few words. */
export function oneOf<const T extends string>(fallback: NoInfer<T>, words: readonly T[]): Field<T> {
  return {
    fallback,
    parse(given) {
      const found = words.find((word) => word === given)
      return found === undefined ? fail(`one of ${words.join(', ')}`) : ok(found)
    },
  }
}

/** Channel names separated by commas; the word `none` for an empty list. */
export function channelNames(fallback: readonly string[]): Field<readonly string[]> {
  return list(fallback, 'channel names like rewards.summary, separated by commas, or none', (item) =>
    /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(item) ? item : null,
  )
}

/** Names of boards separated by commas; the word `none` for an empty list. Which boards there are is not known here. */
export function boardNames(fallback: readonly string[]): Field<readonly string[]> {
  return list(fallback, 'boards like rewards, separated by commas, or none', (item) =>
    /^[a-z]+$/.test(item) ? item : null,
  )
}

/** The address of a Redis server, with its password if it has one; a number after the slash keeps clusters apart that share it. */
export function redisUrl(): Field<string | null> {
  const form = /^rediss?:\/\/([^@/?#]*@)?[^@/?#]+(\/\d{0,4})?$/
  return {
    fallback: null,
    secret: true,
    parse(given) {
      const url = form.test(given) && URL.canParse(given) ? new URL(given) : null
      const isReadable = url !== null && isDecodable(url.username) && isDecodable(url.password)
      return isReadable ? ok(given) : fail('a URL like redis://host:6379')
    },
  }
}

/** Web origins (`https://host[:port]`, nothing after it) separated by commas, or `*` for every origin. */
export function origins(): Field<AllowedOrigins> {
  const exact = list([], 'origins like https://example.org, separated by commas, or *', (item) =>
    URL.canParse(item) && new URL(item).origin === item ? item : null,
  )
  return {
    fallback: { mode: 'listed', origins: new Set() },
    parse(given) {
      if (given.trim() === '*') return ok({ mode: 'any' })
      const parsed = exact.parse(given)
      return parsed.ok ? ok({ mode: 'listed', origins: new Set(parsed.value) }) : parsed
    },
  }
}

/** Hosts (`example.org`, `example.org:8443`, `[::1]`) separated by commas, or `*` for every host. */
export function hosts(fallback: KnownHosts): Field<KnownHosts> {
  const exact = list([], 'hosts like example.org or example.org:8443, separated by commas, or *', (item) => {
    const host = item.toLowerCase()
    return /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/.test(host) && URL.canParse(`http://${host}`) ? host : null
  })
  return {
    fallback,
    parse(given) {
      if (given.trim() === '*') return ok({ mode: 'any' })
      const parsed = exact.parse(given)
      // `none` would lock everybody out.
      if (parsed.ok && parsed.value.length === 0) return fail('at least one host')
      return parsed.ok ? ok({ mode: 'listed', hosts: new Set(parsed.value) }) : parsed
    },
  }
}

/** The hosts of a server bound to `host` that only its own machine reaches, whichever port a tunnel gives it; null for any other. */
export function loopbackHosts(host: string): ReadonlySet<string> | null {
  if (!/^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)) return null
  return new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase()])
}

/** IP addresses and CIDR ranges separated by commas. */
export function addressRanges(): Field<AddressRanges> {
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

/** The known name closest to `name`, within three edits; null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= 3 ? best.candidate : null
}

function list<T>(
  fallback: readonly T[],
  expected: string,
  parseItem: (item: string) => T | null,
): Field<readonly T[]> {
  return {
    fallback,
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

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
