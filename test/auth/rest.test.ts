import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { REFRESH_TOKEN_TTL } from '../../src/auth/grants.ts'
import { KEYS_PER_USER } from '../../src/auth/service/keys.ts'
import { FAMILIES_PER_USER } from '../../src/auth/service/login.ts'
import { AppException } from '../../src/core/errors.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import {
  type AuthBench,
  answer,
  errorOf,
  openAuthBench,
  type TestKey,
  testKey,
  testSession,
} from '../support/auth.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

type Body = { readonly [name: string]: unknown }
type Tokens = {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string }
}
type Challenge = Parameters<typeof loginText>[0]

const [ada, bob, spare] = [testKey(1), testKey(2), testKey(3)]

for (const { name, open } of STORAGES) {
  describe(`login by REST: ${name}`, () => {
    let opened: OpenedStorage
    let bench: AuthBench
    let handle: (request: Request) => Promise<Response>
    const mount = () => {
      const app = new Elysia().onError(({ error }) =>
        error instanceof AppException
          ? Response.json({ code: error.error.code, message: error.error.message }, { status: 401 })
          : Response.json({ code: 'other', message: String(error) }, { status: 400 }),
      )
      for (const routes of bench.auth.routes) app.use(routes)
      handle = app.handle
    }
    beforeEach(async () => {
      opened = open()
      bench = await openAuthBench(opened.storage)
      mount()
    })
    afterEach(() => opened.remove())

    async function call(method: string, path: string, body?: Body, token?: string, origin?: string) {
      const headers = new Headers({ 'content-type': 'application/json' })
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
      if (origin !== undefined) headers.set('origin', origin)
      const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
      const response = await handle(new Request(`http://localhost:8080${path}`, init))
      const answered: Body = await response.json()
      return { status: response.status, body: answered, headers: response.headers }
    }
    const refusal = (response: { body: Body }) => `${response.body.code}: ${response.body.message}`

    async function challenge(origin?: string): Promise<Challenge> {
      const { body } = await call('POST', '/api/auth/challenge', undefined, undefined, origin)
      return {
        nonce: String(body.nonce),
        origin: String(body.origin),
        session: String(body.session),
        expires: Number(body.expires),
      }
    }
    const signed = (key: TestKey, given: Challenge, text = loginText(given)) => ({
      public_key: key.publicKey,
      signature: key.sign(text),
      nonce: given.nonce,
      expires: given.expires,
    })
    async function login(key = ada): Promise<Tokens> {
      const { status, body } = await call('POST', '/api/auth/verify', {
        ...signed(key, await challenge()),
        register: {},
      })
      expect(status).toBe(200)
      return tokensOf(body)
    }
    const refresh = (token: string) => call('POST', '/api/auth/refresh', { refresh_token: token })

    test('challenge, signature, tokens; answers are not to be stored', async () => {
      const given = await challenge()
      expect(given).toMatchObject({
        origin: 'http://localhost:8080',
        session: 'rest',
        expires: bench.clock.time + 60_000,
      })
      expect(given.nonce).toMatch(/^[\w-]{43}$/)
      const { status, body, headers } = await call('POST', '/api/auth/verify', {
        ...signed(ada, given),
        register: { username: 'ada', device_name: 'laptop' },
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({ token_type: 'Bearer', registered: true, user: { username: 'ada' } })
      expect(headers.get('cache-control')).toBe('no-store')
    })

    test('a challenge is good once, for a minute, for its origin, and only as it was issued', async () => {
      await login()
      const verify = (body: Body, origin?: string) =>
        call('POST', '/api/auth/verify', body, undefined, origin)
      const given = await challenge()
      expect((await verify(signed(ada, given))).status).toBe(200)
      expect(refusal(await verify(signed(ada, given)))).toContain('used before')

      const foreign = await challenge('http://evil.example')
      expect(refusal(await verify(signed(ada, foreign)))).toContain('did not issue')
      const longer = { ...(await challenge()), expires: bench.clock.time + 3_600_000 }
      expect(refusal(await verify(signed(ada, longer)))).toContain('did not issue')
      const invented = { ...longer, nonce: 'A'.repeat(43) }
      expect(refusal(await verify(signed(ada, invented)))).toContain('did not issue')

      const old = await challenge()
      bench.clock.time += 60_000
      expect(refusal(await verify(signed(ada, old)))).toStartWith('SessionExpired')
    })

    test('a challenge is good on every node and after a restart, a used one nowhere', async () => {
      await login()
      const [used, fresh] = [await challenge(), await challenge()]
      await call('POST', '/api/auth/verify', signed(ada, used))
      const { time } = bench.clock
      bench = await openAuthBench(opened.storage)
      bench.clock.time = time
      mount()
      expect((await call('POST', '/api/auth/verify', signed(ada, fresh))).status).toBe(200)
      expect(refusal(await call('POST', '/api/auth/verify', signed(ada, used)))).toContain('used before')
    })

    test('an answer to a socket’s challenge is none here', async () => {
      await login()
      const { challenge: hello } = testSession(bench.clock.time)
      expect(refusal(await call('POST', '/api/auth/verify', signed(ada, hello)))).toContain('did not issue')
    })

    test('bodies that do not fit are refused before anything else', async () => {
      const body = signed(ada, await challenge())
      for (const broken of [
        {},
        { ...body, public_key: 'x' },
        { ...body, signature: `${body.signature}A` },
        { ...body, expires: 'soon' },
      ]) {
        expect((await call('POST', '/api/auth/verify', broken)).status).toBe(400)
      }
    })

    test('a refresh gives a new pair; the access token opens sockets', async () => {
      const first = await login()
      const second = tokensOf((await refresh(first.refresh_token)).body)
      expect(second.refresh_token).not.toBe(first.refresh_token)
      const { session, challenge: hello } = testSession(bench.clock.time)
      const message = { type: 'authenticate', token: second.access_token } as const
      expect(await bench.auth.authenticator.authenticate(message, hello, session)).toMatchObject({
        ok: true,
        value: { userId: first.user.id, expiresAt: bench.clock.time + 900_000, publicKey: ada.publicKey },
      })
    })

    test('a refresh token that comes a second time ends its family, and no other', async () => {
      const [stolen, other] = [await login(), await login()]
      const next = tokensOf((await refresh(stolen.refresh_token)).body)
      expect(refusal(await refresh(stolen.refresh_token))).toStartWith('SessionExpired')
      expect(refusal(await refresh(next.refresh_token))).toStartWith('SessionExpired')
      expect((await refresh(other.refresh_token)).status).toBe(200)
    })

    test('two refreshes at the same time: one wins, and the family ends', async () => {
      const { refresh_token } = await login()
      const [first, second] = await Promise.all([refresh(refresh_token), refresh(refresh_token)])
      expect([first.status, second.status].sort()).toEqual([200, 401])
      const winner = first.status === 200 ? first : second
      expect((await refresh(tokensOf(winner.body).refresh_token)).status).toBe(401)
    })

    test('refresh tokens lie unused for thirty days at most', async () => {
      const first = await login()
      bench.clock.time += REFRESH_TOKEN_TTL - 1
      const second = tokensOf((await refresh(first.refresh_token)).body)
      bench.clock.time += REFRESH_TOKEN_TTL
      expect(refusal(await refresh(second.refresh_token))).toStartWith('SessionExpired')
      for (const noise of ['x', `r_${'A'.repeat(22)}.${'B'.repeat(43)}`])
        expect((await refresh(noise)).status).toBe(401)
    })

    test('logging out ends the family; doing it twice is no error', async () => {
      const { refresh_token } = await login()
      for (let i = 0; i < 2; i++)
        expect((await call('POST', '/api/auth/logout', { refresh_token })).status).toBe(200)
      expect((await refresh(refresh_token)).status).toBe(401)
      expect((await call('POST', '/api/auth/logout', { refresh_token: 'noise' })).status).toBe(200)
    })

    test('a user has so many families; one more ends the oldest', async () => {
      const first = await login()
      bench.clock.time++
      const second = await login()
      bench.clock.time++
      for (let i = 2; i <= FAMILIES_PER_USER; i++) await login()
      expect((await refresh(first.refresh_token)).status).toBe(401)
      expect((await refresh(second.refresh_token)).status).toBe(200)
    })

    test('storage holds no token', async () => {
      const { refresh_token, access_token } = await login()
      const secretPart = refresh_token.split('.')[1] ?? ''
      const sent = JSON.stringify(bench.submitted)
      expect(sent).not.toContain(secretPart)
      expect(sent).not.toContain(access_token)
    })

    describe('keys', () => {
      const list = async (token: string) => (await call('GET', '/api/auth/keys', undefined, token)).body
      async function add(token: string, user: string, key = spare, text?: (given: Challenge) => Uint8Array) {
        const given = await challenge()
        const body = { ...signed(key, given, text?.(given) ?? addKeyText(given, user)), name: ' spare ' }
        return call('POST', '/api/auth/keys', body, token)
      }

      test('need an access token', async () => {
        for (const token of [undefined, 'noise', (await login()).refresh_token]) {
          expect((await call('GET', '/api/auth/keys', undefined, token)).status).toBe(401)
        }
      })

      test('are added with a proof of possession for this very account', async () => {
        const { access_token, user } = await login()
        const added = await add(access_token, user.id)
        expect(added).toMatchObject({
          status: 200,
          body: { name: 'spare', public_key: spare.publicKey, revoked_at: null },
        })
        expect(await list(access_token)).toMatchObject({ keys: [{ name: 'first key' }, { name: 'spare' }] })
        expect((await login(spare)).user.id).toBe(user.id)

        expect((await add(access_token, 'u_somebody', bob)).status).toBe(401)
        expect((await add(access_token, user.id, bob, loginText)).status).toBe(401)
        expect(refusal(await add(access_token, user.id))).toContain('registered already')
      })

      test('there may be so many', async () => {
        const { access_token, user } = await login()
        for (let i = 1; i < KEYS_PER_USER; i++) {
          expect((await add(access_token, user.id, testKey(100 + i))).status).toBe(200)
        }
        expect(refusal(await add(access_token, user.id))).toContain('at most')
      })

      test('are named, by their owner only', async () => {
        const { access_token } = await login()
        const other = await login(bob)
        const id = keyIds(await list(access_token))[0]
        const rename = (token: string, text: string) =>
          call('PATCH', `/api/auth/keys/${id}`, { name: text }, token)
        expect((await rename(access_token, 'phone')).body).toMatchObject({ id, name: 'phone' })
        expect(refusal(await rename(other.access_token, 'mine'))).toStartWith('EntityNotFound')
        expect((await rename(access_token, 'a\u0000b')).status).toBe(401)
        expect(await list(access_token)).toMatchObject({ keys: [{ name: 'phone' }] })
      })

      test('revoking takes effect at once: sockets, tokens, refresh, login, registration', async () => {
        const first = await login()
        await add(first.access_token, first.user.id)
        const second = await login(spare)
        const [id] = keyIds(await list(first.access_token))
        const revoke = () => call('DELETE', `/api/auth/keys/${id}`, undefined, second.access_token)
        const revoked = await revoke()
        expect(revoked.body.revoked_at).toBe(bench.clock.time)
        expect(bench.revoked).toEqual([ada.publicKey])

        expect(refusal(await call('GET', '/api/auth/keys', undefined, first.access_token))).toContain(
          'revoked',
        )
        expect((await refresh(first.refresh_token)).status).toBe(401)
        const { session, challenge: hello } = testSession(bench.clock.time)
        const again = await bench.auth.authenticator.authenticate(answer(ada, hello, {}), hello, session)
        expect(errorOf(again)).toContain('revoked')
        expect(refusal(await add(second.access_token, second.user.id, ada))).toContain('was revoked')

        expect((await revoke()).body).toEqual(revoked.body)
        expect(bench.revoked).toHaveLength(1)
        expect((await refresh(second.refresh_token)).status).toBe(200)
      })

      test('the last good key stays', async () => {
        const { access_token } = await login()
        const [id] = keyIds(await list(access_token))
        expect(refusal(await call('DELETE', `/api/auth/keys/${id}`, undefined, access_token))).toContain(
          'last key',
        )
      })

      test('a revocation committed together with a login leaves no session', async () => {
        const first = await login()
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
  })
}

function tokensOf(body: Body): Tokens {
  const { access_token, refresh_token, user } = body
  const id = typeof user === 'object' && user !== null && 'id' in user ? user.id : undefined
  if (typeof access_token !== 'string' || typeof refresh_token !== 'string' || typeof id !== 'string') {
    throw new Error(`no tokens: ${JSON.stringify(body)}`)
  }
  return { access_token, refresh_token, user: { id } }
}

function keyIds(body: Body): readonly string[] {
  return Array.isArray(body.keys) ? body.keys.map((key) => String(key.id)) : []
}
