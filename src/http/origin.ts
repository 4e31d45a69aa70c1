import type { AllowedOrigins } from './types.ts'

/**
 * Whether a page of this origin may talk to the server. Requests without `Origin` come from programs, which
 * could send any; browsers always send it where it matters. A page that the server itself served has the
 * server's own host.
 */
export function originAllowed(allowed: AllowedOrigins, headers: Headers): boolean {
  const origin = headers.get('origin')
  if (origin === null || allowed.mode === 'any' || allowed.origins.has(origin)) return true
  const host = headers.get('host')
  return host !== null && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

/**
 * The server as this client reached it; what a login's signature is bound to. The host is the one the
 * client asked for, whoever's page asks, so that a client which compares it with its own address cannot be
 * made to sign a challenge that somebody relays from another server. A page of the server itself also says
 * whether a proxy made `https` of it.
 */
export function serverOrigin(headers: Headers): string {
  const host = headers.get('host')?.toLowerCase() ?? 'localhost'
  const origin = headers.get('origin')
  return origin !== null && URL.canParse(origin) && new URL(origin).host === host ? origin : `http://${host}`
}
