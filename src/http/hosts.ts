import ipaddr from 'ipaddr.js'
import { type AppError, appError } from '../core/errors.ts'
import type { KnownHosts } from './types.ts'

/**
 * Whether a request for this host (its `Host` header, with or without a port) is meant for this server. Two
 * attacks end here. A page whose name has been rebound to this machine would be of "the server's own"
 * origin. And a stranger's server could fetch a challenge for its own name here and have its visitors sign
 * it (rule L-1 protects only those challenges that name this server).
 */
export function hostKnown(known: KnownHosts, host: string): boolean {
  if (known.mode === 'any') return true
  const name = host.toLowerCase()
  return known.hosts.has(name) || known.hosts.has(name.replace(/:\d+$/, ''))
}

/**
 * Whether a request may be a probe's: for `/health` or `/metrics`, by the bare address of this machine.
 * Load balancers, container engines and Prometheus ask so, and cannot be told a name. Neither attack comes
 * this way: nobody can rebind an address, and there is no challenge here.
 */
export function isProbe(path: string, host: string): boolean {
  return PROBED.has(path) && ipaddr.isValid(host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'))
}

const PROBED: ReadonlySet<string> = new Set(['/health', '/metrics'])

/** Refused with 421 (RFC 9110, 15.5.20): this is not the server that was asked for. */
export const UNKNOWN_HOST: AppError = appError(
  'Unauthorized',
  'this server is not known by this host name; the operator adds it by DASHBOARD_PUBLIC_HOSTS',
)

/** Refused with 400: neither who is asked nor what for can be read. */
export const NO_HOST: AppError = appError('MessageParseError', 'the request names no host that can be read')
