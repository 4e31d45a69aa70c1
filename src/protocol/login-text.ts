import type { ChallengeFields } from './server/hello.ts'

/**
 * The exact bytes a key signs to log in (rule L-3): five lines joined by one line feed each, none at the end,
 * UTF-8. The first line separates these signatures from every other use of the same key; origin and session
 * bind them to one server and one session. REST logins have the session `rest`.
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
