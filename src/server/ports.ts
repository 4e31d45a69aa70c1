import type { IPv4, IPv6 } from 'ipaddr.js'

/** Networks in CIDR form: an address and the number of its leading bits that count. */
export type AddressRanges = readonly (readonly [IPv4 | IPv6, number])[]

/** Which web pages may talk to this server, besides its own. */
export type AllowedOrigins =
  | { readonly mode: 'any' }
  | { readonly mode: 'listed'; readonly origins: ReadonlySet<string> }
