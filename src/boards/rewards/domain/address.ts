import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js'

/** A device's address as the board sees it. */
export type DeviceAddress = {
  /** `::ffff:1.2.3.4` is `1.2.3.4`; IPv6 in its shortest form. */
  readonly address: string
  /**
   * What counts as one public address: an IPv4 address, or the /64 of an IPv6 one, which one subscriber owns
   * whole.
   */
  readonly key: string
  /** For everyone's eyes: the /24 of an IPv4 address, the /48 of an IPv6 one. */
  readonly masked: string
  /** Whether it is routed on the internet; a private or loopback address has no country. */
  readonly isPublic: boolean
}

/** Null for text that is no IP address. */
export function readAddress(text: string): DeviceAddress | null {
  if (!ipaddr.isValid(text)) return null
  const address = ipaddr.process(text)
  const isPublic = address.range() === 'unicast'
  const plain = withoutZone(address)
  if (isV4(address)) return { address: plain, key: plain, masked: network(plain, 24), isPublic }
  return { address: plain, key: network(plain, 64), masked: network(plain, 48), isPublic }
}

function isV4(address: IPv4 | IPv6): address is IPv4 {
  return address.kind() === 'ipv4'
}

/** `fe80::1%eth0` names an interface of one machine: no part of the address. */
function withoutZone(address: IPv4 | IPv6): string {
  const text = address.toString()
  const zone = text.indexOf('%')
  return zone === -1 ? text : text.slice(0, zone)
}

function network(address: string, bits: number): string {
  const cidr = `${address}/${bits}`
  const base = address.includes(':')
    ? ipaddr.IPv6.networkAddressFromCIDR(cidr)
    : ipaddr.IPv4.networkAddressFromCIDR(cidr)
  return `${base.toString()}/${bits}`
}
