import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { authHandlers } from '../../src/auth/service.ts'
import type { Command } from '../../src/core/command.ts'
import type { UserId } from '../../src/core/ids.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { type AuthBench, openAuthBench, testKey } from '../support/auth.ts'
import { type AuthRest, openAuthRest, signed } from '../support/auth-rest.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

/*
 * Commands that auth marks `repeatable` are decided twice here: the second time changes no row, journals
 * nothing and returns the same result.
 */

for (const { name, open } of STORAGES) {
  describe(`commands of auth that may be sent again: ${name}`, () => {
    let opened: OpenedStorage
    let bench: AuthBench
    let rest: AuthRest
    beforeEach(async () => {
      opened = open()
      bench = await openAuthBench(opened.storage)
      rest = openAuthRest(bench)
    })
    afterEach(() => opened.remove())

    /** Everything of one user, the secrets, and how far the journal goes. */
    const everything = (user: string) =>
      opened.storage.read(({ auth, journal }) => ({
        user: auth.user(user as UserId),
        keys: auth.keysOf(user as UserId),
        families: auth.familiesOf(user as UserId),
        secrets: [auth.secrets('access_token'), auth.secrets('rest_challenge')],
        head: journal.head(),
      }))

    /** A user with two keys and two logins. */
    async function prepare() {
      const { user, access_token } = await rest.login()
      const challenge = await rest.challenge()
      const key = { ...signed(testKey(3), challenge, addKeyText(challenge, user.id)), name: 'spare' }
      const { body } = await rest.call('POST', '/api/auth/keys', key, access_token)
      const { refresh_token } = await rest.login(testKey(3))
      return { user: user.id, token: access_token, key: String(body.id), refresh_token }
    }

    function decideAgain(command: Command, user: string): void {
      const after = everything(user)
      bench.clock.time += 5000
      const [again, once] = [bench.commit([command])[0], bench.commit([command])[0]]
      expect(again?.ok).toBe(true)
      expect(again).toEqual(once as typeof again)
      expect(everything(user)).toEqual(after)
    }

    test('L-14: naming a key, revoking it, logging out and offering a secret change nothing the second time', async () => {
      const { user, token, key, refresh_token } = await prepare()
      const last = () => bench.submitted.at(-1) as Command
      const path = `/api/auth/keys/${key}`

      const named = await rest.call('PATCH', path, { name: 'desk' }, token)
      expect(named.body).toMatchObject({ name: 'desk' })
      expect(bench.commit([last()])[0]).toMatchObject({ ok: true, value: named.body })
      decideAgain(last(), user)

      await rest.call('POST', '/api/auth/logout', { refresh_token })
      decideAgain(last(), user)

      const revoked = await rest.call('DELETE', path, undefined, token)
      expect(revoked.body).toMatchObject({ revoked_at: bench.clock.now() })
      expect(bench.commit([last()])[0]).toMatchObject({ ok: true, value: revoked.body })
      decideAgain(last(), user)

      const offered = bench.submitted.filter(({ kind }) => kind === 'auth.ensure_secret')
      expect(offered).toHaveLength(2)
      for (const command of offered) decideAgain(command, user)

      const marked = bench.submitted.filter(({ repeatable }) => repeatable).map(({ kind }) => kind)
      expect([...new Set(marked)].sort()).toEqual([
        'auth.ensure_secret',
        'auth.logout',
        'auth.rename_key',
        'auth.revoke_key',
      ])
    })

    test('L-14: what uses up a nonce or a token is not marked: decided again it is refused, or ends a login', async () => {
      const { user, refresh_token } = await prepare()
      await rest.refresh(refresh_token)
      const once = bench.submitted.filter(({ repeatable }) => repeatable !== true)
      expect(new Set(once.map(({ kind }) => kind))).toEqual(
        new Set(['auth.login', 'auth.add_key', 'auth.refresh']),
      )
      const before = everything(user)
      for (const command of once) {
        const [answer] = bench.commit([command])
        if (command.kind !== 'auth.refresh') expect(answer?.ok).toBe(false)
        else expect(answer).toMatchObject({ ok: true, value: { outcome: 'reused' } })
      }
      expect(everything(user).families.length).toBe(before.families.length - 1)
    })

    test('every handler is judged above', () => {
      expect(authHandlers.map(({ kind }) => kind).sort()).toEqual([
        'auth.add_key',
        'auth.ensure_secret',
        'auth.login',
        'auth.logout',
        'auth.refresh',
        'auth.rename_key',
        'auth.revoke_key',
      ])
    })
  })
}
