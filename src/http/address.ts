import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js'
import type { AddressRanges } from './types.ts'

/** Who a request comes from, as far as the server believes it. */
export type ClientAddress = {
  /** Normalised text: `::ffff:1.2.3.4` is `1.2.3.4`; IPv6 in its shortest form. */
  readonly address: string
  /** What limits count on: the IPv4 address, or the /64 of an IPv6 one, since a subscriber owns all of it. */
  readonly limitKey: string
  /** Whether the request proved to come from the operator, whom per-address limits do not bind. */
  readonly operator: boolean
}

/** Request header by which the operator proves to be it. */
export const OPERATOR_HEADER = 'x-dashboard-operator'

export type AddressRules = {
  readonly trustedProxies: AddressRanges
  /** Whether this `x-dashboard-operator` header holds the operator's key. */
  isOperator(header: string): boolean
}

/**
 * The client's address: the peer's own, unless the peer is a trusted proxy or the operator, whose
 * `x-forwarded-for` is believed. Through proxies the list is read from its end, and the first address that
 * is no trusted proxy is the client: everything further left is only what that client claims.
 */
export function clientAddress(rules: AddressRules, headers: Headers, peer: string | null): ClientAddress {
  const direct = parse(peer ?? '')
  const key = headers.get(OPERATOR_HEADER)
  const operator = key !== null && rules.isOperator(key)
  const forwarded = headers.get('x-forwarded-for')
  if (forwarded === null || (!operator && !isTrusted(direct, rules.trustedProxies))) {
    return described(direct, operator)
  }
  let believed = direct
  for (const part of forwarded.split(',').reverse()) {
    const address = parse(part.trim())
    // An unreadable entry ends the chain: nothing to the left of it can be vouched for.
    if (address === null) break
    believed = address
    if (!isTrusted(address, rules.trustedProxies)) break
  }
  return described(believed, operator)
}

type Address = IPv4 | IPv6

function parse(text: string): Address | null {
  return ipaddr.isValid(text) ? ipaddr.process(text) : null
}

function isTrusted(address: Address | null, ranges: AddressRanges): boolean {
  if (address === null) return false
  return ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits))
}

function described(address: Address | null, operator: boolean): ClientAddress {
  const text = address?.toString() ?? 'unknown'
  return { address: text, limitKey: limitKeyOf(text), operator }
}

/** The key that limits count on, of an address as {@link ClientAddress} says it. */
export function limitKeyOf(address: string): string {
  return address.includes(':') ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString() : address
}
