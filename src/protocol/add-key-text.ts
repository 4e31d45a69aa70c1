import type { ChallengeFields } from './server/hello.ts'

/**
 * The exact bytes a new key signs to be added to a user: like `login-text.ts`, with a first line of its own
 * and the user's id, so that nobody can pass a login's signature off as the wish to join another account.
 */
export function addKeyText(challenge: ChallengeFields, userId: string): Uint8Array {
  return new TextEncoder().encode(
    [
      'dashboard-server add key v1',
      `origin: ${challenge.origin}`,
      `session: ${challenge.session}`,
      `user: ${userId}`,
      `nonce: ${challenge.nonce}`,
      `expires: ${challenge.expires}`,
    ].join('\n'),
  )
}
