import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Command, Decision, Handler } from '../core/command.ts'
import { type AppError, appError } from '../core/errors.ts'
import type { KeyId, UserId } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { AuthStore } from './store.ts'

/*
 * The commands of auth. Everything random (ids, tokens) is made before they are sent, so that handlers are
 * pure; of secrets they carry only hashes. Signatures have been checked by then. Payloads are checked again
 * on the writer's side, since they cross threads and networks.
 */

const text = Type.String()
const millis = Type.Integer({ minimum: 0 })
const userId = Type.Unsafe<UserId>(Type.String({ pattern: '^u_[0-9a-f]{24}$' }))
const keyId = Type.Unsafe<KeyId>(Type.String({ pattern: '^k_[0-9a-f]{24}$' }))
const publicKey = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })

/** A nonce that the signature covered, and when it expires. */
const challenge = { nonce: text, expires: millis }

const Registration = Type.Object({
  userId,
  keyId,
  /** Tried in order: the wish of the user alone, or generated ones. */
  usernames: Type.Array(text, { minItems: 1, maxItems: 2 }),
  keyName: text,
})

const NewFamily = Type.Object({ id: text, tokenHash: text, expiresAt: millis })

export const PAYLOADS = {
  'auth.login': Type.Object({
    ...challenge,
    publicKey,
    /** Makes a user when nobody has this key. */
    registration: Type.Union([Registration, Type.Null()]),
    /** Starts a refresh family. */
    family: Type.Union([NewFamily, Type.Null()]),
  }),
  'auth.refresh': Type.Object({ family: text, tokenHash: text, next: text, expiresAt: millis }),
  'auth.logout': Type.Object({ family: text }),
  'auth.add_key': Type.Object({ ...challenge, keyId, publicKey, name: text }),
  'auth.rename_key': Type.Object({ keyId: text, name: text }),
  'auth.revoke_key': Type.Object({ keyId: text }),
  'auth.ensure_secret': Type.Object({
    id: text,
    purpose: Type.Union([Type.Literal('access_token'), Type.Literal('rest_challenge')]),
    material: text,
  }),
} as const satisfies { readonly [kind: string]: TSchema }

export type AuthKind = keyof typeof PAYLOADS
export type Payload<Kind extends AuthKind> = Static<(typeof PAYLOADS)[Kind]>
export type AuthCommand<Kind extends AuthKind> = Command<Kind, Payload<Kind>>

/**
 * What the writer gets: a handler that takes any command of its kind and refuses one whose payload does not
 * fit.
 */
export type AuthHandler = { readonly kind: AuthKind; readonly handle: Handler<AuthStore, Command> }

/** Puts the check of the payload before a handler. */
export function handlerOf<Kind extends AuthKind>(
  kind: Kind,
  handle: (store: AuthStore, payload: Payload<Kind>, command: Command) => Decision,
): AuthHandler {
  const check = TypeCompiler.Compile(PAYLOADS[kind])
  return {
    kind,
    handle(store, command) {
      const { payload } = command
      return check.Check(payload) ? handle(store, payload, command) : refused(MISFIT)
    },
  }
}

/** A decision that changes no channel. */
export function accepted(value: Json): Decision {
  return { ok: true, value, patches: [], events: [] }
}

/** A decision that changes nothing at all: the writer takes back what was written. */
export function refused(error: AppError): Decision {
  return { ok: false, error }
}

const MISFIT = appError('InternalError', 'a command of the login does not fit its schema')
