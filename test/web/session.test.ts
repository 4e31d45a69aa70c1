import { describe, expect, test } from 'bun:test'
import type { Client, Credentials } from '../../src/client/api.ts'
import { createKey, openKey } from '../../src/client/key.ts'
import { type AppError, appError } from '../../src/core/errors.ts'
import { fail, ok } from '../../src/core/result.ts'
import { removeUserItems } from '../../src/web/state/browser-storage.ts'
import { createIdentityStore, newIdentity } from '../../src/web/state/identity.ts'
import { createSession } from '../../src/web/state/session.ts'
import { seededBytes } from '../support/journal.ts'
import { memoryStorage } from './storage.ts'

const UNKNOWN_KEY = appError('InvalidCredentials', 'this key is not known')

describe('the session of a page', () => {
  test('begins anonymously in a browser without a key, and loads no code for keys', async () => {
    const page = openPage()
    await page.session.resume()
    expect(page.session.state.value.status).toBe('anonymous')
    expect(page.keyLoads()).toBe(0)
  })

  test('makes and registers a key, and logs in with the same one after a reload', async () => {
    const page = openPage()
    expect(await page.session.signUp()).toMatchObject({ ok: true })
    expect(page.logins[0]).toMatchObject({ register: { device_name: 'Test browser' } })
    const reloaded = openPage(page)
    await reloaded.session.resume()
    expect(reloaded.session.state.value).toMatchObject({ status: 'signed-in', user: { id: 'u_1' } })
    expect(reloaded.logins[0]?.key.publicKey).toEqual(page.logins[0]?.key.publicKey ?? new Uint8Array())
  })

  test('does not keep a key that the server refused, and stays who it was', async () => {
    const page = openPage()
    await page.session.signUp()
    const before = page.logins[0]?.key.publicKey
    page.refuseNext(UNKNOWN_KEY)
    const stranger = createKey(seededBytes(9))
    expect(await page.session.signInWith(stranger, 'known')).toEqual(fail(UNKNOWN_KEY))
    expect(page.session.state.value.status).toBe('signed-in')
    expect(page.logins.at(-1)?.key.publicKey).toEqual(before ?? new Uint8Array())
    expect(createIdentityStore(page.storage).load(openKey)?.key.publicKey).toEqual(before)
  })

  test('says that the key of the browser is refused, and registers it when its owner asks for that', async () => {
    const page = openPage()
    const identity = newIdentity(createKey(seededBytes(5)), 'imported', seededBytes(6))
    createIdentityStore(page.storage).save(identity)
    page.refuseNext(UNKNOWN_KEY)
    await page.session.resume()
    expect(page.session.state.value).toEqual({ status: 'refused', error: UNKNOWN_KEY })
    await page.session.register()
    expect(page.session.state.value.status).toBe('signed-in')
    expect(page.logins.map(({ register }) => register !== undefined)).toEqual([false, true])
  })

  test('can be resumed later when the code for keys could not be loaded', async () => {
    const page = openPage()
    await page.session.signUp()
    const reloaded = openPage(page)
    reloaded.breakKeys(true)
    await reloaded.session.resume()
    expect(reloaded.session.state.value).toMatchObject({
      status: 'refused',
      error: { code: 'EntityNotFound' },
    })
    reloaded.breakKeys(false)
    await reloaded.session.retry()
    expect(reloaded.session.state.value.status).toBe('signed-in')
  })

  test('removes key and data when it is forgotten, after the boards have ended what they do', async () => {
    const page = openPage()
    await page.session.signUp()
    page.storage.setItem('dashboard.activity.u_1', 'of this user')
    page.storage.setItem('dashboard.activity.u_2', 'of another one')
    const statesWhenLeaving: string[] = []
    page.session.beforeLeaving(async () => void statesWhenLeaving.push(page.session.state.value.status))
    await page.session.forget()
    expect(statesWhenLeaving).toEqual(['signed-in'])
    expect(page.session.state.value.status).toBe('anonymous')
    expect(page.storage.length).toBe(1)
    expect(page.storage.getItem('dashboard.activity.u_2')).toBe('of another one')
  })
})

/** A page whose server knows every key. With `before`, it is that page after a reload. */
function openPage(before?: { readonly storage: ReturnType<typeof memoryStorage> }) {
  const storage = before?.storage ?? memoryStorage()
  const logins: Extract<Credentials, { type: 'key' }>[] = []
  let refusal: AppError | null = null
  let keyLoads = 0
  let isBroken = false
  const client: Pick<Client, 'login' | 'logout' | 'connect'> = {
    async login(credentials) {
      if (credentials.type === 'key') logins.push(credentials)
      const refused = refusal
      refusal = null
      return refused === null ? ok({ id: 'u_1', username: 'user-1' }) : fail(refused)
    },
    logout() {},
    connect() {},
  }
  const session = createSession({
    client,
    identities: createIdentityStore(storage),
    async loadKeys() {
      keyLoads += 1
      return isBroken ? fail(appError('EntityNotFound', 'no code')) : ok({ createKey, openKey })
    },
    random: seededBytes(1),
    keyName: 'Test browser',
    restFor: () => ({ get: async () => ok(null) }),
    removeData: (user) => removeUserItems(storage, user),
  })
  return {
    session,
    storage,
    logins,
    keyLoads: () => keyLoads,
    /** Refuses the next login. */
    refuseNext(error: AppError) {
      refusal = error
    },
    breakKeys(next: boolean) {
      isBroken = next
    },
  }
}
