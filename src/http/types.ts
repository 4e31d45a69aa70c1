import type { IPv4, IPv6 } from 'ipaddr.js'

/** Networks in CIDR form: an address and the number of its leading bits that count. */
export type AddressRanges = readonly (readonly [IPv4 | IPv6, number])[]

/** By which hosts, lower case, with a port or for every port, clients may ask for this server. */
export type KnownHosts =
  | { readonly mode: 'any' }
  | { readonly mode: 'listed'; readonly hosts: ReadonlySet<string> }

/** Which web pages may talk to this server, besides its own. */
export type AllowedOrigins =
  | { readonly mode: 'any' }
  | { readonly mode: 'listed'; readonly origins: ReadonlySet<string> }
