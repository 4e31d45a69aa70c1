import { type ReadonlySignal, signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import type { SecretKey } from '../../client/key.ts'
import type { Random } from '../../core/clock.ts'
import type { AppError } from '../../core/errors.ts'
import type { Result } from '../../core/result.ts'
import { type AccountModel, openAccount } from './account-model.ts'
import { ACTIVITY_PREFIX, type ActivityStore, createActivityStore } from './activity-store.ts'
import {
  type Identity,
  type IdentityStore,
  importIdentity,
  makeIdentity,
  type TextStorage,
} from './identity.ts'
import type { LinkModel } from './link-model.ts'
import type { Rest } from './rest.ts'

/** Who uses this page. */
export type SessionState =
  | { readonly status: 'anonymous' }
  | { readonly status: 'signing-in'; readonly identity: Identity }
  | {
      readonly status: 'signed-in'
      readonly identity: Identity
      readonly username: string
      readonly account: AccountModel
      /** REST as this user. */
      readonly rest: Rest
    }
  /** The key is kept, but the server did not take it. */
  | { readonly status: 'refused'; readonly identity: Identity; readonly error: AppError }

export type Session = {
  readonly state: ReadonlySignal<SessionState>
  /** Goes on as who this browser was, if it was anybody. */
  resume(): Promise<void>
  /** Makes a key, registers it and logs in; with a kept key just logs in. */
  signUp(): Promise<Result<Identity>>
  /** Logs in with a key from elsewhere, or makes a user of it; it is kept only when the server took it. */
  signInWith(key: SecretKey, mode: 'register' | 'known'): Promise<Result<Identity>>
  /** After `refused`: the same once more. */
  retry(): Promise<void>
  /** After `refused`: makes a user of the kept key on this server. */
  register(): Promise<void>
  /** Forgets the key in this browser, for good, and goes on anonymously. */
  forget(): void
}

export type SessionParts = {
  readonly client: Client
  readonly link: LinkModel
  readonly identities: IdentityStore
  readonly storage: TextStorage | null
  readonly random: Random
  /** What the key is called on the server. */
  readonly keyName: string
  readonly restFor: (identity: Identity) => Rest
}

export function createSession(parts: SessionParts): Session {
  const { client, link, identities } = parts
  const state = signal<SessionState>({ status: 'anonymous' })

  const leave = () => {
    const before = state.peek()
    if (before.status === 'signed-in') before.account.close()
  }

  const enter = async (identity: Identity, mode: 'register' | 'known'): Promise<Result<Identity>> => {
    leave()
    state.value = { status: 'signing-in', identity }
    const register = mode === 'register' ? { register: { device_name: parts.keyName } } : {}
    const user = await client.login({ type: 'key', key: identity.key, ...register })
    if (!user.ok) {
      state.value = { status: 'refused', identity, error: user.error }
      // The public part of the page goes on without a login.
      client.logout()
      client.connect()
      return user
    }
    identities.save(identity)
    const store: ActivityStore = createActivityStore(parts.storage, user.value.id)
    state.value = {
      status: 'signed-in',
      identity,
      username: user.value.username,
      account: openAccount(client, store),
      rest: parts.restFor(identity),
    }
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
      return enter(identities.load() ?? makeIdentity(parts.random), 'register')
    },
    async signInWith(key, mode) {
      const before = state.peek()
      const result = await enter(importIdentity(key, parts.random), mode)
      // A key that is not known here must not push out the one that is.
      if (!result.ok && before.status === 'signed-in') await enter(before.identity, 'known')
      else if (!result.ok) state.value = before.status === 'refused' ? before : { status: 'anonymous' }
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
    forget() {
      leave()
      const user = link.user.peek()
      if (user !== null) parts.storage?.removeItem(`${ACTIVITY_PREFIX}${user.id}`)
      identities.save(null)
      state.value = { status: 'anonymous' }
      link.forgetUser()
      client.logout()
    },
  }
}

/** A key that was made here may always be registered; one from elsewhere only when its owner says so. */
function modeOf(identity: Identity): 'register' | 'known' {
  return identity.origin === 'made' ? 'register' : 'known'
}
