import { type Static, Type } from '@sinclair/typebox'
import { LIMITS } from '../limits.ts'
import { base64url, message, text } from '../schema.ts'

/** Login with a key: the signature is over the text of `login-text.ts` for this session's challenge. */
export const AuthenticateWithKey = message('authenticate', {
  public_key: base64url('Ed25519 public key: 32 bytes as base64url without padding', 32),
  signature: base64url('Ed25519 signature: 64 bytes as base64url without padding', 64),
  /** If present and the key is not known: creates a user with this key. */
  register: Type.Optional(
    Type.Object({
      username: Type.Optional(text('name of the user', LIMITS.nameLength)),
      device_name: Type.Optional(text('name of the key', LIMITS.nameLength)),
    }),
  ),
})

/** Login with an access token from the REST API. */
export const AuthenticateWithToken = message('authenticate', {
  token: text('access token', LIMITS.tokenLength),
})

export type AuthenticateWithKey = Static<typeof AuthenticateWithKey>
export type AuthenticateWithToken = Static<typeof AuthenticateWithToken>
export type AuthenticateMessage = AuthenticateWithKey | AuthenticateWithToken
