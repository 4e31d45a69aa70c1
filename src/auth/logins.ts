import { fromBase64url } from '../core/base64url.ts'
import type { Clock, Millis, Random } from '../core/clock.ts'
import type { Command, CommandBus, CommandResult } from '../core/command.ts'
import { type AppError, appError } from '../core/errors.ts'
import type { KeyId, UserId } from '../core/ids.ts'
import { isJsonObject, type Json, ownValue } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { loginText } from '../protocol/login-text.ts'
import type { ChallengeFields } from '../protocol/server/hello.ts'
import type { AuthCommand, Payload } from './commands.ts'
import type { KeyCache } from './key-cache.ts'
import { generatedUsernames, parseKeyName, parseUsername, randomId } from './names.ts'
import { EXPIRED, REVOKED } from './service/login.ts'
import { parsePublicKey } from './strict-key.ts'
import type { Verifier } from './verify-pool.ts'

/** An answer to a challenge. Bytes are base64url without padding. */
export type SignedChallenge = {
  readonly challenge: ChallengeFields
  readonly publicKey: string
  readonly signature: string
}

export type LoginRequest = SignedChallenge & {
  /** Makes a user when nobody has this key. */
  readonly register: { readonly username?: string; readonly device_name?: string } | null
  /** What registrations are counted on; null for the operator, whose are not. */
  readonly limitKey: string | null
  /** Starts a refresh family. */
  readonly family: Payload<'auth.login'>['family']
  readonly ack?: Command['ack']
}

export type LoggedIn = {
  readonly userId: UserId
  readonly username: string
  readonly keyId: KeyId
  readonly publicKey: string
  readonly registered: boolean
}

/** The allowance of new users that an address has. */
export type RegistrationLimits = {
  /** Takes one: 0, or the milliseconds to wait. */
  take(limitKey: string): Millis
  /** Gives one back: nobody was registered. */
  giveBack(limitKey: string): void
}

export type LoginDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly keys: KeyCache
  readonly verifier: Verifier
  readonly registrations: RegistrationLimits
}

/**
 * A login by key, for sockets and REST alike. Cheap checks come first, the signature is checked off this
 * thread, and the writer has the last word (nonce, key, name) in one transaction. Errors: SessionExpired,
 * InvalidCredentials, RateLimited, ServiceUnavailable; their texts name no secret.
 */
export function createLogins(deps: LoginDeps) {
  return async (request: LoginRequest): Promise<Result<LoggedIn>> => {
    if (request.challenge.expires <= deps.clock.now()) return fail(EXPIRED)
    const registration = prepare(deps, request)
    if (!registration.ok) return registration
    const result = await checkAndSubmit(deps, request, registration.value)
    if (!result.ok) return result
    const user = loggedIn(result.value, request.publicKey)
    if (!user.ok) return user
    const { userId, username, registered } = user.value
    if (registration.value !== null && !registered && request.limitKey !== null) {
      deps.registrations.giveBack(request.limitKey)
    }
    deps.keys.learn(request.publicKey, userId, username)
    // A revocation right behind this login may have been journaled already, when there was no session yet
    // to close.
    return deps.keys.peek(request.publicKey)?.type === 'revoked' ? fail(REVOKED) : user
  }
}

/** Whether the owner of the key signed these bytes; InvalidCredentials when not. */
export async function checkSignature(
  verifier: Verifier,
  signed: { readonly publicKey: string; readonly signature: string },
  message: Uint8Array,
): Promise<Result<null>> {
  const publicKey = fromBase64url(signed.publicKey, 32)
  const signature = fromBase64url(signed.signature, 64)
  if (publicKey === null || signature === null) return fail(BAD_SIGNATURE)
  const verdict = await verifier.verify({ publicKey, message, signature })
  if (!verdict.ok) return verdict
  return verdict.value ? ok(null) : fail(BAD_SIGNATURE)
}

async function checkAndSubmit(
  { clock, bus, verifier }: LoginDeps,
  request: LoginRequest,
  registration: Payload<'auth.login'>['registration'],
): Promise<CommandResult> {
  const signed = await checkSignature(verifier, request, loginText(request.challenge))
  if (!signed.ok) return signed
  const command: AuthCommand<'auth.login'> = {
    kind: 'auth.login',
    actor: { type: 'system' },
    at: clock.now(),
    ...(request.ack === undefined ? {} : { ack: request.ack }),
    payload: {
      nonce: request.challenge.nonce,
      expires: request.challenge.expires,
      publicKey: request.publicKey,
      registration,
      family: request.family,
    },
  }
  return bus.submit(command)
}

/**
 * What can be refused before anything costly is done; returns what to register should the key be unknown.
 * Whether it is, the writer knows best: the database is asked here only where the answer would be a
 * refusal.
 */
function prepare(deps: LoginDeps, request: LoginRequest): Result<Payload<'auth.login'>['registration']> {
  const standing = deps.keys.peek(request.publicKey)
  if (standing !== undefined) return standing.type === 'good' ? ok(null) : fail(REVOKED)
  if (request.register === null) return ok(null)
  const registration = newUser(deps, request, request.register)
  if (registration.ok) return registration
  const known = deps.keys.find(request.publicKey)
  if (known === null) return registration
  return known.type === 'good' ? ok(null) : fail(REVOKED)
}

function newUser(
  deps: LoginDeps,
  { publicKey, limitKey }: LoginRequest,
  wish: NonNullable<LoginRequest['register']>,
): Result<Payload<'auth.login'>['registration']> {
  const key = parsePublicKey(publicKey)
  if (!key.ok) return key
  const keyName = parseKeyName(wish.device_name ?? 'first key')
  if (!keyName.ok) return keyName
  const userId = randomId('u', deps.random) as UserId
  const username = wish.username === undefined ? null : parseUsername(wish.username)
  if (username !== null && !username.ok) return username
  const wait = limitKey === null ? 0 : deps.registrations.take(limitKey)
  if (wait > 0) return fail(appError('RateLimited', 'too many new users from this address', wait))
  return ok({
    userId,
    keyId: randomId('k', deps.random) as KeyId,
    usernames: username === null ? [...generatedUsernames(userId)] : [username.value],
    keyName: keyName.value,
  })
}

function loggedIn(value: Json, publicKey: string): Result<LoggedIn> {
  const field = (name: string) => (isJsonObject(value) ? ownValue(value, name) : undefined)
  const [userId, username, keyId] = [field('user_id'), field('username'), field('key_id')]
  if (typeof userId !== 'string' || typeof username !== 'string' || typeof keyId !== 'string')
    return fail(GARBLED)
  return ok({
    userId: userId as UserId,
    username,
    keyId: keyId as KeyId,
    publicKey,
    registered: field('registered') === true,
  })
}

const BAD_SIGNATURE: AppError = appError(
  'InvalidCredentials',
  'the signature does not fit: sign the exact login text of this challenge with this key',
)
const GARBLED: AppError = appError('InternalError', 'the answer to a login is not what it should be')
