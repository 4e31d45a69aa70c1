import { type ReadonlySignal, signal } from '@preact/signals'
import type { Client, ClientUser } from '../../client/api.ts'
import type { SecretKey } from '../../client/key.ts'
import type { Random } from '../../core/clock.ts'
import type { AppError } from '../../core/errors.ts'
import type { Result } from '../../core/result.ts'
import { type Identity, type IdentityStore, importIdentity, makeIdentity } from './identity.ts'
import type { Rest } from './rest.ts'

/** Who uses this page. */
export type SessionState =
  | { readonly status: 'anonymous' }
  | { readonly status: 'signing-in'; readonly identity: Identity }
  | {
      readonly status: 'signed-in'
      readonly identity: Identity
      readonly user: ClientUser
      /** REST as this user. */
      readonly rest: Rest
    }
  /** The key is kept, but the server refused it. */
  | { readonly status: 'refused'; readonly identity: Identity; readonly error: AppError }

export type SignedIn = Extract<SessionState, { readonly status: 'signed-in' }>

export type Session = {
  readonly state: ReadonlySignal<SessionState>
  /**
   * Resolves when the login with the key of this browser has succeeded or failed; at once when it has none.
   */
  resume(): Promise<void>
  /** Logs in with the key of this browser; makes and registers one when it has none. */
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
  readonly client: Client
  readonly identities: IdentityStore
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

  const leave = async () => {
    for (const call of leaving) await call()
  }

  const enter = async (identity: Identity, mode: LoginMode): Promise<Result<Identity>> => {
    state.value = { status: 'signing-in', identity }
    const register = mode === 'register' ? { register: { device_name: deps.keyName } } : {}
    const user = await client.login({ type: 'key', key: identity.key, ...register })
    if (!user.ok) {
      state.value = { status: 'refused', identity, error: user.error }
      // The public part of the page goes on without a login.
      client.logout()
      client.connect()
      return user
    }
    identities.save(identity)
    lastUser = user.value.id
    state.value = { status: 'signed-in', identity, user: user.value, rest: deps.restFor(identity) }
    return { ok: true, value: identity }
  }

  return {
    state,
    async resume() {
      const identity = identities.load()
      if (identity !== null) await enter(identity, modeOf(identity))
    },
    signUp() {
      const present = state.peek()
      if (present.status === 'signed-in') return Promise.resolve({ ok: true, value: present.identity })
      return enter(identities.load() ?? makeIdentity(deps.random), 'register')
    },
    async signInWith(key, mode) {
      await leave()
      const before = state.peek()
      const result = await enter(importIdentity(key, deps.random), mode)
      if (result.ok) return result
      // A key that is not known here must not push out the one that is.
      if (before.status === 'signed-in') await enter(before.identity, 'known')
      else state.value = before.status === 'refused' ? before : { status: 'anonymous' }
      return result
    },
    async retry() {
      const present = state.peek()
      if (present.status === 'refused') await enter(present.identity, modeOf(present.identity))
    },
    async register() {
      const present = state.peek()
      if (present.status === 'refused') await enter(present.identity, 'register')
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
