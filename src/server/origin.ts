import type { AllowedOrigins } from './ports.ts'

/**
 * Whether a page of this origin may talk to the server. Requests without `Origin` come from programs, which could send
 * any; browsers always send it where it matters. A page that the server itself served has the server's own host.
 */
export function originAllowed(allowed: AllowedOrigins, headers: Headers): boolean {
  const origin = headers.get('origin')
  if (origin === null || allowed.mode === 'any' || allowed.origins.has(origin)) return true
  const host = headers.get('host')
  return host !== null && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

/**
 * The server as this client names it; what a login's signature is bound to: the page's origin, or the address a program
 * connected to.
 */
export function serverOrigin(headers: Headers): string {
  return headers.get('origin') ?? `http://${headers.get('host') ?? 'localhost'}`
}
