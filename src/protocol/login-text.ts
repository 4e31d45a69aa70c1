import type { ChallengeFields } from './server/hello.ts'

/**
 * Returns the exact bytes that a key signs to log in (rule L-3): five lines of UTF-8, joined by line feeds,
 * with none at the end. The first line separates these signatures from every other use of the same key;
 * origin and session bind them to one server and one session. REST logins have the session `rest`.
 */
export function loginText(challenge: ChallengeFields): Uint8Array {
  return new TextEncoder().encode(
    [
      'dashboard-server login v1',
      `origin: ${challenge.origin}`,
      `session: ${challenge.session}`,
      `nonce: ${challenge.nonce}`,
      `expires: ${challenge.expires}`,
    ].join('\n'),
  )
}
