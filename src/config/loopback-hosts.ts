/**
 * Returns the hosts of a server bound to `host` that only its own machine reaches, whichever port a tunnel
 * gives it; null for any other.
 */
export function loopbackHosts(host: string): ReadonlySet<string> | null {
  if (!/^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)) return null
  return new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase()])
}
