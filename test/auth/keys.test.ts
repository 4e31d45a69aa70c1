import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { KEYS_PER_USER } from '../../src/auth/service/keys.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import { type AuthBench, answer, errorOf, openAuthBench, testKey, testSession } from '../support/auth.ts'
import {
  type AuthRest,
  type Body,
  openAuthRest,
  type RestChallenge,
  refusal,
  signed,
} from '../support/auth-rest.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

const [ada, bob, spare] = [testKey(1), testKey(2), testKey(3)]

for (const { name, open } of STORAGES) {
  describe(`keys of a user: ${name}`, () => {
    let opened: OpenedStorage
    let bench: AuthBench
    let rest: AuthRest
    beforeEach(async () => {
      opened = open()
      bench = await openAuthBench(opened.storage)
      rest = openAuthRest(bench)
    })
    afterEach(() => opened.remove())

    const list = async (token: string) => (await rest.call('GET', '/api/auth/keys', undefined, token)).body
    async function add(
      token: string,
      user: string,
      key = spare,
      text?: (given: RestChallenge) => Uint8Array,
    ) {
      const given = await rest.challenge()
      const body = { ...signed(key, given, text?.(given) ?? addKeyText(given, user)), name: ' spare ' }
      return rest.call('POST', '/api/auth/keys', body, token)
    }

    test('need an access token', async () => {
      for (const token of [undefined, 'noise', (await rest.login()).refresh_token]) {
        expect((await rest.call('GET', '/api/auth/keys', undefined, token)).status).toBe(401)
      }
    })

    test('L-13: are added with a signature of the new key, made for this very account', async () => {
      const { access_token, user } = await rest.login()
      const added = await add(access_token, user.id)
      expect(added).toMatchObject({
        status: 200,
        body: { name: 'spare', public_key: spare.publicKey, revoked_at: null },
      })
      expect(await list(access_token)).toMatchObject({ keys: [{ name: 'first key' }, { name: 'spare' }] })
      expect((await rest.login(spare)).user.id).toBe(user.id)

      expect((await add(access_token, 'u_somebody', bob)).status).toBe(401)
      expect((await add(access_token, user.id, bob, loginText)).status).toBe(401)
      expect(refusal(await add(access_token, user.id))).toContain('registered already')
    })

    test('there may be so many', async () => {
      const { access_token, user } = await rest.login()
      for (let i = 1; i < KEYS_PER_USER; i++) {
        expect((await add(access_token, user.id, testKey(100 + i))).status).toBe(200)
      }
      expect(refusal(await add(access_token, user.id))).toContain('at most')
    })

    test('are named, by their owner only', async () => {
      const { access_token } = await rest.login()
      const other = await rest.login(bob)
      const id = keyIds(await list(access_token))[0]
      const rename = (token: string, text: string) =>
        rest.call('PATCH', `/api/auth/keys/${id}`, { name: text }, token)
      expect((await rename(access_token, 'phone')).body).toMatchObject({ id, name: 'phone' })
      expect(refusal(await rename(other.access_token, 'mine'))).toStartWith('EntityNotFound')
      expect((await rename(access_token, 'a\u0000b')).status).toBe(401)
      expect(await list(access_token)).toMatchObject({ keys: [{ name: 'phone' }] })
    })

    test('revoking takes effect at once: sockets, tokens, refresh, login, registration', async () => {
      const first = await rest.login()
      await add(first.access_token, first.user.id)
      const second = await rest.login(spare)
      const [id] = keyIds(await list(first.access_token))
      const revoke = () => rest.call('DELETE', `/api/auth/keys/${id}`, undefined, second.access_token)
      const revoked = await revoke()
      expect(revoked.body.revoked_at).toBe(bench.clock.time)
      expect(bench.revoked).toEqual([ada.publicKey])

      expect(refusal(await rest.call('GET', '/api/auth/keys', undefined, first.access_token))).toContain(
        'revoked',
      )
      expect((await rest.refresh(first.refresh_token)).status).toBe(401)
      const { session, challenge: hello } = testSession(bench.clock.time)
      const again = await bench.auth.authenticator.authenticate(answer(ada, hello, {}), hello, session)
      expect(errorOf(again)).toContain('revoked')
      expect(refusal(await add(second.access_token, second.user.id, ada))).toContain('was revoked')

      expect((await revoke()).body).toEqual(revoked.body)
      expect(bench.revoked).toHaveLength(1)
      expect((await rest.refresh(second.refresh_token)).status).toBe(200)
    })

    test('the last good key stays', async () => {
      const { access_token } = await rest.login()
      const [id] = keyIds(await list(access_token))
      expect(refusal(await rest.call('DELETE', `/api/auth/keys/${id}`, undefined, access_token))).toContain(
        'last key',
      )
    })

    test('a revocation committed together with a login leaves no session', async () => {
      const first = await rest.login()
      const added = await add(first.access_token, first.user.id)
      const { session, challenge: hello } = testSession(bench.clock.time)
      const held = Promise.withResolvers<void>()
      const submit = bench.bus.submit
      const later: Parameters<typeof submit>[0][] = []
      const slow = await openAuthBench(opened.storage, {
        bus: {
          async submit(command) {
            later.push(command)
            await held.promise
            const answered = results[later.indexOf(command)]
            if (answered === undefined) throw new Error('no answer')
            return answered
          },
        },
      })
      slow.clock.time = bench.clock.time
      const pending = slow.auth.authenticator.authenticate(answer(spare, hello), hello, session)
      await Bun.sleep(1)
      const revocation = {
        kind: 'auth.revoke_key',
        actor: { type: 'user', userId: first.user.id },
        at: bench.clock.time,
        payload: { keyId: added.body.id },
      }
      const results = slow.commit([...later, JSON.parse(JSON.stringify(revocation))])
      expect(results.map((result) => result.ok)).toEqual([true, true])
      held.resolve()
      expect(errorOf(await pending)).toContain('revoked')
    })
  })
}

function keyIds(body: Body): readonly string[] {
  return Array.isArray(body.keys) ? body.keys.map((key) => String(key.id)) : []
}
