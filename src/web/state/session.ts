import { type ReadonlySignal, signal } from '@preact/signals'
import type { Client, ClientUser } from '../../client/api.ts'
import type { SecretKey } from '../../client/key.ts'
import type { Random } from '../../core/clock.ts'
import type { AppError } from '../../core/errors.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { type Identity, type IdentityStore, newIdentity } from './identity.ts'
import type { Keys } from './load-keys.ts'
import type { Rest } from './rest.ts'

/** Who uses this page. */
export type SessionState =
  | { readonly status: 'anonymous' }
  | { readonly status: 'signing-in' }
  | {
      readonly status: 'signed-in'
      readonly identity: Identity
      readonly user: ClientUser
      /** REST as this user. */
      readonly rest: Rest
    }
  /** The key is kept, but the login failed. */
  | { readonly status: 'refused'; readonly error: AppError }

export type SignedIn = Extract<SessionState, { readonly status: 'signed-in' }>

export type Session = {
  readonly state: ReadonlySignal<SessionState>
  /**
   * Resolves when the login with the key of this browser has succeeded or failed; at once when it has none.
   */
  resume(): Promise<void>
  /** Logs in with the key of this browser; makes and registers a key when it has none. */
  signUp(): Promise<Result<Identity>>
  /** Logs in with a key from elsewhere, or registers it. It is kept only when the server took it. */
  signInWith(key: SecretKey, mode: LoginMode): Promise<Result<Identity>>
  /** After `refused`: logs in once more. */
  retry(): Promise<void>
  /** After `refused`: registers the kept key on this server. */
  register(): Promise<void>
  /**
   * Removes the key and all that is kept of its user from this browser, for good, and goes on anonymously.
   */
  forget(): Promise<void>
  /** Calls `leave` before another user takes this one's place, and before the key is forgotten. */
  beforeLeaving(leave: () => Promise<void>): void
}

/** `register` makes a user of a key that is new to the server. */
export type LoginMode = 'register' | 'known'

export type SessionDeps = {
  readonly client: Pick<Client, 'login' | 'logout' | 'connect'>
  readonly identities: IdentityStore
  readonly loadKeys: () => Promise<Result<Pick<Keys, 'createKey' | 'openKey'>>>
  readonly random: Random
  /** What the key is called on the server. */
  readonly keyName: string
  readonly restFor: (identity: Identity) => Rest
  /** Removes what is kept of a user in this browser. */
  readonly removeData: (user: string) => void
}

export function createSession(deps: SessionDeps): Session {
  const { client, identities } = deps
  const state = signal<SessionState>({ status: 'anonymous' })
  const leaving: (() => Promise<void>)[] = []
  /** The user of the last login. */
  let lastUser: string | null = null
  /** The identity whose login failed. */
  let refused: Identity | null = null

  const refuse = (error: AppError, identity: Identity | null) => {
    refused = identity
    state.value = { status: 'refused', error }
    return fail(error)
  }

  const leave = async () => {
    for (const call of leaving) await call()
  }

  const enter = async (identity: Identity, mode: LoginMode): Promise<Result<Identity>> => {
    state.value = { status: 'signing-in' }
    const register = mode === 'register' ? { register: { device_name: deps.keyName } } : {}
    const user = await client.login({ type: 'key', key: identity.key, ...register })
    if (!user.ok) {
      // The public part of the page goes on without a login.
      client.logout()
      client.connect()
      return refuse(user.error, identity)
    }
    identities.save(identity)
    lastUser = user.value.id
    state.value = { status: 'signed-in', identity, user: user.value, rest: deps.restFor(identity) }
    return ok(identity)
  }

  const resume = async () => {
    if (!identities.mayHave()) return
    state.value = { status: 'signing-in' }
    const keys = await deps.loadKeys()
    const identity = keys.ok ? identities.load(keys.value.openKey) : null
    if (!keys.ok) refuse(keys.error, null)
    else if (identity === null) state.value = { status: 'anonymous' }
    else await enter(identity, modeOf(identity))
  }

  return {
    state,
    resume,
    async signUp() {
      const present = state.peek()
      if (present.status === 'signed-in') return ok(present.identity)
      const keys = await deps.loadKeys()
      if (!keys.ok) return refuse(keys.error, null)
      const { createKey, openKey } = keys.value
      const known = identities.load(openKey)
      return enter(known ?? newIdentity(createKey(deps.random), 'made', deps.random), 'register')
    },
    async signInWith(key, mode) {
      await leave()
      const before = state.peek()
      const refusedBefore = refused
      const result = await enter(newIdentity(key, 'imported', deps.random), mode)
      if (result.ok) return result
      // A key that is not known here must not push out the one that is.
      if (before.status === 'signed-in') await enter(before.identity, 'known')
      else if (before.status === 'refused') refuse(before.error, refusedBefore)
      else state.value = { status: 'anonymous' }
      return result
    },
    async retry() {
      if (state.peek().status !== 'refused') return
      await (refused === null ? resume() : enter(refused, modeOf(refused)))
    },
    async register() {
      if (state.peek().status === 'refused' && refused !== null) await enter(refused, 'register')
    },
    async forget() {
      await leave()
      state.value = { status: 'anonymous' }
      if (lastUser !== null) deps.removeData(lastUser)
      lastUser = null
      identities.save(null)
      client.logout()
    },
    beforeLeaving(call) {
      leaving.push(call)
    },
  }
}

/** A key that was made here may always be registered; one from elsewhere only when its owner says so. */
function modeOf(identity: Identity): LoginMode {
  return identity.origin === 'made' ? 'register' : 'known'
}
