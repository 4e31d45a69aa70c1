import { Value } from '@sinclair/typebox/value'
import { Elysia, type Static, t } from 'elysia'
import type { Clock, Random } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import type { KeyId } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import { ok } from '../core/result.ts'
import { addKeyText } from '../protocol/add-key-text.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { RestChallenges } from './challenge.ts'
import type { AuthKind, Payload } from './commands.ts'
import type { Acknowledgement } from './grants.ts'
import type { Guard, UserPrincipal } from './guard.ts'
import type { AuthReader } from './key-cache.ts'
import { checkSignature } from './logins.ts'
import { parseKeyName, randomId } from './names.ts'
import { orThrow, SignedChallenge, WriteQuery } from './routes.ts'
import { keyJson } from './service/keys.ts'
import { parsePublicKey } from './strict-key.ts'
import type { Verifier } from './verify-pool.ts'

export type KeyRouteDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly guard: Guard
  readonly reader: AuthReader
  readonly challenges: RestChallenges
  readonly verifier: Verifier
  readonly originOf: (request: Request) => string
}

/**
 * The caller's keys: list, add (the new key signs a challenge), name, revoke. Failures are thrown as
 * AppException.
 */
export function keyRoutes(deps: KeyRouteDeps) {
  const { clock, bus, challenges } = deps
  const principalOf = async (request: Request) => orThrow(await deps.guard.principalOf(request.headers))
  const submit = async <Kind extends AuthKind>(
    user: UserPrincipal,
    ack: Acknowledgement,
    kind: Kind,
    payload: Payload<Kind>,
  ) => {
    const actor = { type: 'user', userId: user.userId } as const
    // A nonce is good once; how a key is named, and that it is revoked, may be said again (rule L-14).
    const repeatable = kind === 'auth.rename_key' || kind === 'auth.revoke_key'
    const result = await bus.submit({
      kind,
      actor,
      at: clock.now(),
      ...ack,
      ...(repeatable ? { repeatable } : {}),
      payload,
    })
    return keyFrom(orThrow(result.ok ? ok(result.value) : result))
  }
  return new Elysia({ name: 'auth keys', prefix: '/api/auth/keys', tags: ['keys'] })
    .get(
      '/',
      async ({ request }) => {
        const { userId } = await principalOf(request)
        return { keys: deps.reader.read((store) => store.keysOf(userId)).map(keyJson) }
      },
      {
        response: t.Object({ keys: t.Array(Key) }),
        detail: { ...SECURED, summary: 'Your keys, oldest first, revoked ones too' },
      },
    )
    .post(
      '/',
      async ({ request, query, body }) => {
        const user = await principalOf(request)
        const challenge = orThrow(challenges.recognise(body, deps.originOf(request)))
        orThrow(parsePublicKey(body.public_key))
        const name = orThrow(parseKeyName(body.name))
        const signed = { publicKey: body.public_key, signature: body.signature }
        orThrow(await checkSignature(deps.verifier, signed, addKeyText(challenge, user.userId)))
        return submit(user, query, 'auth.add_key', {
          nonce: challenge.nonce,
          expires: challenge.expires,
          keyId: randomId('k', deps.random) as KeyId,
          publicKey: body.public_key,
          name,
        })
      },
      {
        query: WriteQuery,
        body: t.Object({ ...SignedChallenge, name: Name }),
        response: Key,
        detail: {
          ...SECURED,
          summary: 'Add a key',
          description:
            'The new key signs the "add key" text of docs/PROTOCOL.md over a challenge and your user id.',
        },
      },
    )
    .patch(
      '/:id',
      async ({ request, params, query, body }) => {
        const user = await principalOf(request)
        const name = orThrow(parseKeyName(body.name))
        return submit(user, query, 'auth.rename_key', { keyId: params.id, name })
      },
      {
        params: KeyParams,
        query: WriteQuery,
        body: t.Object({ name: Name }),
        response: Key,
        detail: { ...SECURED, summary: 'Name a key' },
      },
    )
    .delete(
      '/:id',
      async ({ request, params, query }) =>
        submit(await principalOf(request), query, 'auth.revoke_key', { keyId: params.id }),
      {
        params: KeyParams,
        query: WriteQuery,
        response: Key,
        detail: { ...SECURED, summary: 'Revoke a key; whatever it opened ends at once' },
      },
    )
}

const nullableMillis = t.Union([t.Integer({ minimum: 0 }), t.Null()])

const Key = t.Object({
  id: t.String(),
  public_key: t.String({ description: '32 bytes, base64url' }),
  name: t.String(),
  created_at: t.Integer({ description: 'ms' }),
  last_used_at: t.Integer({ description: 'ms, to within ten minutes' }),
  revoked_at: nullableMillis,
})

const KeyParams = t.Object({ id: t.String({ minLength: 1, maxLength: 64 }) })
const Name = t.String({ minLength: 1, maxLength: LIMITS.nameLength })
const SECURED = { security: [{ bearer: [] }] }

/** The writer's answer, which came through a thread. */
function keyFrom(value: Json): Static<typeof Key> {
  if (!Value.Check(Key, value)) throw new Error('the writer answered no key')
  return value
}
