import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { toBase64url } from '../../src/core/base64url.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import { type AuthBench, answer, errorOf, openAuthBench, testKey, testSession } from '../support/auth.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

const [ada, bob] = [testKey(1), testKey(2)]

for (const { name, open } of STORAGES) {
  describe(`login of a socket: ${name}`, () => {
    let opened: OpenedStorage
    let bench: AuthBench
    beforeEach(async () => {
      opened = open()
      bench = await openAuthBench(opened.storage)
    })
    afterEach(() => opened.remove())

    const login = (key = ada, register?: { username?: string; device_name?: string }) => {
      const { session, challenge } = testSession(bench.clock.time)
      return bench.auth.authenticator.authenticate(answer(key, challenge, register), challenge, session)
    }

    test('L-6: register makes a user with the key, and changes nothing once the key is known', async () => {
      const first = await login(ada, { username: 'Ada' })
      expect(first).toMatchObject({
        ok: true,
        value: { type: 'user', username: 'ada', publicKey: ada.publicKey },
      })
      expect(await login(ada)).toEqual(first)
      // "register" from a client that does not know whether it did is harmless.
      expect(await login(ada, { username: 'other' })).toEqual(first)
    })

    test('L-6: a user who gives no name gets one that the server makes', async () => {
      const result = await login(ada, {})
      expect(result.ok && result.value.type === 'user' ? result.value.username : '').toMatch(
        /^user-[0-9a-f]{8}$/,
      )
    })

    test('L-6: without register an unknown key is refused', async () => {
      expect(await login(bob)).toMatchObject({ ok: false, error: { code: 'InvalidCredentials' } })
    })

    test('L-6: a username belongs to one user, whatever its case; names outside the rule are refused', async () => {
      await login(ada, { username: 'ada' })
      expect(errorOf(await login(bob, { username: 'ADA' }))).toContain('taken')
      for (const username of ['a', '-ada', 'a b c', 'ada!', 'x'.repeat(33), 'ädä']) {
        expect(await login(bob, { username })).toMatchObject({
          ok: false,
          error: { code: 'InvalidCredentials' },
        })
      }
      expect(await login(bob, { username: 'bob', device_name: 'line\nbreak' })).toMatchObject({ ok: false })
      expect(await login(bob, { username: 'bob' })).toMatchObject({ ok: true })
    })

    test('L-11: a key of small order cannot be registered', async () => {
      const identity = new Uint8Array(32)
      identity[0] = 1
      const signature = new Uint8Array(64)
      signature[0] = 1
      const { session, challenge } = testSession(bench.clock.time)
      const message = {
        type: 'authenticate',
        public_key: toBase64url(identity),
        signature: toBase64url(signature),
        register: {},
      } as const
      const result = await bench.auth.authenticator.authenticate(message, challenge, session)
      expect(errorOf(result)).toContain('small order')
    })

    test('the signature covers origin, session, nonce and expiry', async () => {
      await login(ada, {})
      const { session, challenge } = testSession(bench.clock.time)
      const others = [
        { ...challenge, origin: 'http://evil.example' },
        { ...challenge, session: 'another' },
        { ...challenge, nonce: testSession(0).challenge.nonce },
        { ...challenge, expires: challenge.expires + 1 },
      ]
      for (const signed of others) {
        const result = await bench.auth.authenticator.authenticate(answer(ada, signed), challenge, session)
        expect(result).toMatchObject({ ok: false, error: { code: 'InvalidCredentials' } })
      }
    })

    test('a challenge of another session is refused', async () => {
      await login(ada, {})
      const mine = testSession(bench.clock.time)
      const other = testSession(bench.clock.time)
      const message = answer(ada, other.challenge)
      const result = await bench.auth.authenticator.authenticate(message, other.challenge, mine.session)
      expect(errorOf(result)).toContain('another session')
    })

    test('a signature for another use of the key is none', async () => {
      await login(ada, {})
      const { session, challenge } = testSession(bench.clock.time)
      const message = { ...answer(ada, challenge), signature: ada.sign(addKeyText(challenge, 'u_1')) }
      expect(await bench.auth.authenticator.authenticate(message, challenge, session)).toMatchObject({
        ok: false,
      })
    })

    test('an expired challenge is refused, to the millisecond', async () => {
      await login(ada, {})
      const { session, challenge } = testSession(bench.clock.time)
      bench.clock.time = challenge.expires - 1
      const replay = () => bench.auth.authenticator.authenticate(answer(ada, challenge), challenge, session)
      expect(await replay()).toMatchObject({ ok: true })
      bench.clock.time = challenge.expires
      expect(await replay()).toMatchObject({ ok: false, error: { code: 'SessionExpired' } })
    })

    test('L-10: a nonce is good for one login: not again, not at the same time, not in the same commit', async () => {
      await login(ada, {})
      const { session, challenge } = testSession(bench.clock.time)
      const replay = () => bench.auth.authenticator.authenticate(answer(ada, challenge), challenge, session)
      const results = await Promise.all([replay(), replay(), replay()])
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect(errorOf(await replay())).toContain('used before')
      const command = bench.submitted.at(-1)
      if (command === undefined) throw new Error('no command')
      const fresh = { ...command, payload: { ...Object(command.payload), nonce: 'another' } }
      expect(bench.commit([fresh, fresh, fresh]).map((result) => result.ok)).toEqual([true, false, false])
    })

    test('L-10: a used nonce stays used over a restart', async () => {
      await login(ada, {})
      const { session, challenge } = testSession(bench.clock.time)
      const message = answer(ada, challenge)
      expect(await bench.auth.authenticator.authenticate(message, challenge, session)).toMatchObject({
        ok: true,
      })
      const { time } = bench.clock
      bench = await openAuthBench(opened.storage)
      bench.clock.time = time
      const again = await bench.auth.authenticator.authenticate(message, challenge, session)
      expect(errorOf(again)).toContain('used before')
    })

    test('L-6: registrations are limited by address, logins are not', async () => {
      await login(ada, {})
      let allowance = 1
      const asked: string[] = []
      const registrations = {
        take(key: string) {
          asked.push(key)
          if (allowance === 0) return 1500
          allowance--
          return 0
        },
        giveBack: () => void allowance++,
      }
      // Anew, so that no key is known without asking the database.
      const reopen = async () => {
        bench = await openAuthBench(opened.storage, {
          registrations,
          limitKeyOfAddress: (at) => `net of ${at}`,
        })
      }
      await reopen()
      expect(await login(ada, {})).toMatchObject({ ok: true })
      expect(allowance).toBe(1)
      expect(await login(bob, {})).toMatchObject({ ok: true })
      expect(await login(testKey(3), {})).toMatchObject({
        ok: false,
        error: { code: 'RateLimited', retryAfter: 1500 },
      })
      await reopen()
      expect(await login(ada, {})).toMatchObject({ ok: true })
      expect(await login(bob, { username: 'not a name!' })).toMatchObject({ ok: true })
      expect(new Set(asked)).toEqual(new Set(['net of 192.0.2.1']))
    })

    test('no secret is in errors or in what the writer gets', async () => {
      const { challenge, session } = testSession(bench.clock.time)
      const message = answer(ada, challenge, {})
      await bench.auth.authenticator.authenticate(message, challenge, session)
      const failed = await bench.auth.authenticator.authenticate(
        { ...message, signature: bob.sign(loginText(challenge)) },
        challenge,
        session,
      )
      expect(JSON.stringify(failed)).not.toContain(challenge.nonce)
      const logins = bench.submitted.filter((command) => command.kind === 'auth.login')
      expect(JSON.stringify(logins)).not.toContain(message.signature)
    })
  })
}
