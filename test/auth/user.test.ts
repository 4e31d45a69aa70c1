import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type AuthReader, userRoutes } from '../../src/auth/index.ts'
import type { UserId } from '../../src/core/ids.ts'
import { openAuthBench, testKey } from '../support/auth.ts'
import { type AuthRest, openAuthRest, refusal, signed, tokensOf } from '../support/auth-rest.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

for (const { name, open } of STORAGES) {
  describe(`the account at /api/user: ${name}`, () => {
    let opened: OpenedStorage
    let rest: AuthRest
    beforeEach(async () => {
      opened = open()
      // A board's field must not pass for one of the account's.
      const profileFields = (user: UserId) => ({ berths_of: user, username: 'somebody else' })
      const bench = await openAuthBench(opened.storage)
      const { guard, routes } = bench.auth
      const reader: AuthReader = { read: (work) => opened.storage.read(({ auth }) => work(auth)) }
      const user = userRoutes({ guard, reader, profileFields })
      rest = openAuthRest({ ...bench, auth: { ...bench.auth, routes: [...routes, user] } })
    })
    afterEach(() => opened.remove())

    const register = async (key: number, username: string) => {
      const challenge = await rest.challenge()
      return tokensOf(
        (await rest.verify({ ...signed(testKey(key), challenge), register: { username } })).body,
      )
    }

    test('is that of the user who is logged in, with the fields that boards add', async () => {
      const ada = await register(1, 'ada')
      const bob = await register(2, 'bob')
      const { status, body, headers } = await rest.call('GET', '/api/user', undefined, ada.access_token)
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(body).toEqual({
        id: ada.user.id,
        username: 'ada',
        email: null,
        wallet: null,
        created_at: 1_700_000_000_000,
        last_active_at: 1_700_000_000_000,
        berths_of: ada.user.id,
      })
      const other = await rest.call('GET', '/api/user', undefined, bob.access_token)
      expect(other.body).toMatchObject({ id: bob.user.id, username: 'bob', berths_of: bob.user.id })
    })

    test('needs a login', async () => {
      const response = await rest.call('GET', '/api/user')
      expect(response.status).toBe(401)
      expect(refusal(response)).toStartWith('Unauthorized: ')
    })
  })
}
