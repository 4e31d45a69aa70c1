import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { REFRESH_TOKEN_TTL } from '../../src/auth/grants.ts'
import { FAMILIES_PER_USER } from '../../src/auth/service/login.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { type AuthBench, openAuthBench, testKey, testSession } from '../support/auth.ts'
import { type AuthRest, openAuthRest, refusal, signed, tokensOf } from '../support/auth-rest.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

const ada = testKey(1)

for (const { name, open } of STORAGES) {
  describe(`login by REST: ${name}`, () => {
    let opened: OpenedStorage
    let bench: AuthBench
    let rest: AuthRest
    beforeEach(async () => {
      opened = open()
      bench = await openAuthBench(opened.storage)
      rest = openAuthRest(bench)
    })
    afterEach(() => opened.remove())

    test('L-9: a signed challenge is exchanged for tokens; the answers must not be stored', async () => {
      const given = await rest.challenge()
      expect(given).toMatchObject({
        origin: 'http://localhost:8080',
        session: 'rest',
        expires: bench.clock.time + 60_000,
      })
      expect(given.nonce).toMatch(/^[\w-]{43}$/)
      const { status, body, headers } = await rest.call('POST', '/api/auth/verify', {
        ...signed(ada, given),
        register: { username: 'ada', device_name: 'laptop' },
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({ token_type: 'Bearer', registered: true, user: { username: 'ada' } })
      expect(headers.get('cache-control')).toBe('no-store')
    })

    test('L-9, L-10: a challenge is good once, for a minute, for its origin, and only as it was issued', async () => {
      await rest.login()
      const given = await rest.challenge()
      expect((await rest.verify(signed(ada, given))).status).toBe(200)
      expect(refusal(await rest.verify(signed(ada, given)))).toContain('used before')

      const foreign = await rest.challenge('http://evil.example')
      expect(refusal(await rest.verify(signed(ada, foreign)))).toContain('did not issue')
      const longer = { ...(await rest.challenge()), expires: bench.clock.time + 3_600_000 }
      expect(refusal(await rest.verify(signed(ada, longer)))).toContain('did not issue')
      const invented = { ...longer, nonce: 'A'.repeat(43) }
      expect(refusal(await rest.verify(signed(ada, invented)))).toContain('did not issue')

      const old = await rest.challenge()
      bench.clock.time += 60_000
      expect(refusal(await rest.verify(signed(ada, old)))).toStartWith('SessionExpired')
    })

    test('L-9, L-10: a challenge is good on every node and after a restart, a used one nowhere', async () => {
      await rest.login()
      const [used, fresh] = [await rest.challenge(), await rest.challenge()]
      await rest.call('POST', '/api/auth/verify', signed(ada, used))
      const { time } = bench.clock
      bench = await openAuthBench(opened.storage)
      bench.clock.time = time
      rest = openAuthRest(bench)
      expect((await rest.call('POST', '/api/auth/verify', signed(ada, fresh))).status).toBe(200)
      expect(refusal(await rest.call('POST', '/api/auth/verify', signed(ada, used)))).toContain('used before')
    })

    test('L-9: the signature of a challenge of a socket is refused', async () => {
      await rest.login()
      const { challenge: hello } = testSession(bench.clock.time)
      expect(refusal(await rest.call('POST', '/api/auth/verify', signed(ada, hello)))).toContain(
        'did not issue',
      )
    })

    test('L-9: bodies that do not fit are refused before anything else', async () => {
      const body = signed(ada, await rest.challenge())
      for (const broken of [
        {},
        { ...body, public_key: 'x' },
        { ...body, signature: `${body.signature}A` },
        { ...body, expires: 'soon' },
      ]) {
        expect((await rest.call('POST', '/api/auth/verify', broken)).status).toBe(400)
      }
    })

    test('L-12, L-2: a refresh gives a new pair; the access token is good for 15 minutes and opens sockets', async () => {
      const first = await rest.login()
      const second = tokensOf((await rest.refresh(first.refresh_token)).body)
      expect(second.refresh_token).not.toBe(first.refresh_token)
      const { session, challenge: hello } = testSession(bench.clock.time)
      const message = { type: 'authenticate', token: second.access_token } as const
      expect(await bench.auth.authenticator.authenticate(message, hello, session)).toMatchObject({
        ok: true,
        value: { userId: first.user.id, expiresAt: bench.clock.time + 900_000, publicKey: ada.publicKey },
      })
    })

    test('L-12: a refresh token that comes a second time ends its login, and no other', async () => {
      const [stolen, other] = [await rest.login(), await rest.login()]
      const next = tokensOf((await rest.refresh(stolen.refresh_token)).body)
      expect(refusal(await rest.refresh(stolen.refresh_token))).toStartWith('SessionExpired')
      expect(refusal(await rest.refresh(next.refresh_token))).toStartWith('SessionExpired')
      expect((await rest.refresh(other.refresh_token)).status).toBe(200)
    })

    test('L-12: of two refreshes at the same time one is answered, and the login ends', async () => {
      const { refresh_token } = await rest.login()
      const [first, second] = await Promise.all([rest.refresh(refresh_token), rest.refresh(refresh_token)])
      expect([first.status, second.status].sort()).toEqual([200, 401])
      const winner = first.status === 200 ? first : second
      expect((await rest.refresh(tokensOf(winner.body).refresh_token)).status).toBe(401)
    })

    test('refresh tokens lie unused for thirty days at most', async () => {
      const first = await rest.login()
      bench.clock.time += REFRESH_TOKEN_TTL - 1
      const second = tokensOf((await rest.refresh(first.refresh_token)).body)
      bench.clock.time += REFRESH_TOKEN_TTL
      expect(refusal(await rest.refresh(second.refresh_token))).toStartWith('SessionExpired')
      for (const noise of ['x', `r_${'A'.repeat(22)}.${'B'.repeat(43)}`])
        expect((await rest.refresh(noise)).status).toBe(401)
    })

    test('logging out ends the family; doing it twice is no error', async () => {
      const { refresh_token } = await rest.login()
      for (let i = 0; i < 2; i++)
        expect((await rest.call('POST', '/api/auth/logout', { refresh_token })).status).toBe(200)
      expect((await rest.refresh(refresh_token)).status).toBe(401)
      expect((await rest.call('POST', '/api/auth/logout', { refresh_token: 'noise' })).status).toBe(200)
    })

    test('a user has so many families; one more ends the oldest', async () => {
      const first = await rest.login()
      bench.clock.time++
      const second = await rest.login()
      bench.clock.time++
      for (let i = 2; i <= FAMILIES_PER_USER; i++) await rest.login()
      expect((await rest.refresh(first.refresh_token)).status).toBe(401)
      expect((await rest.refresh(second.refresh_token)).status).toBe(200)
    })

    test('L-15: ?ack=replicated goes with every write; another word is refused before anything is done', async () => {
      const write = async (query: string) => {
        const { length } = bench.submitted
        const login = { ...signed(ada, await rest.challenge()), register: {} }
        const verified = await rest.call('POST', `/api/auth/verify${query}`, login)
        if (verified.status !== 200) return { status: verified.status, acks: bench.submitted.slice(length) }
        const { access_token, refresh_token, user } = tokensOf(verified.body)
        const challenge = await rest.challenge()
        const key = testKey(10 + bench.submitted.length)
        const added = await rest.call(
          'POST',
          `/api/auth/keys/${query}`,
          { ...signed(key, challenge, addKeyText(challenge, user.id)), name: 'spare' },
          access_token,
        )
        const path = `/api/auth/keys/${added.body.id}${query}`
        await rest.call('PATCH', path, { name: 'desk' }, access_token)
        await rest.call('DELETE', path, undefined, access_token)
        const next = await rest.call('POST', `/api/auth/refresh${query}`, { refresh_token })
        await rest.call('POST', `/api/auth/logout${query}`, {
          refresh_token: tokensOf(next.body).refresh_token,
        })
        const acks = bench.submitted.slice(length).map(({ kind, ack }) => `${kind} ${ack}`)
        return { status: verified.status, acks }
      }
      const kinds = ['login', 'add_key', 'rename_key', 'revoke_key', 'refresh', 'logout']
      expect((await write('')).acks).toEqual(kinds.map((kind) => `auth.${kind} undefined`))
      expect((await write('?ack=replicated')).acks).toEqual(kinds.map((kind) => `auth.${kind} replicated`))
      for (const query of ['?ack=', '?ack=Replicated', '?ack=replicated&ack=x', '?ack=all'])
        expect(await write(query)).toEqual({ status: 400, acks: [] })
    })

    test('storage holds no token', async () => {
      const { refresh_token, access_token } = await rest.login()
      const secretPart = refresh_token.split('.')[1] ?? ''
      const sent = JSON.stringify(bench.submitted)
      expect(sent).not.toContain(secretPart)
      expect(sent).not.toContain(access_token)
    })
  })
}
