import type { ChallengeFields } from './server/hello.ts'

/**
 * Returns the exact bytes that a new key signs to be added to a user (rule L-13): like `login-text.ts`, with
 * a first line of its own and the user's id, so that the signature of a login cannot add a key to an account.
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
