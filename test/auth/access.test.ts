import { describe, expect, test } from 'bun:test'
import { createAccess } from '../../src/auth/access.ts'
import type { ChannelName, UserId } from '../../src/core/ids.ts'
import type { ChannelSource, Principal } from '../../src/live/ports.ts'
import { manualClock } from '../support/journal.ts'

const clock = manualClock(1000)
const access = createAccess(['rewards.summary', 'rewards.networks'], clock)
const anonymous: Principal = { type: 'anonymous' }
const user = (id: string, expiresAt: number | null = null): Principal => ({
  type: 'user',
  userId: id as UserId,
  username: id,
  expiresAt,
})
const source = (name: string, audience: 'workspace' | 'user'): ChannelSource => ({
  kind: 'stream',
  name: name as ChannelName,
  audience,
  event: 'notification',
})

describe('G7: who may read which channel', () => {
  test('a public channel of the workspace: everyone, and nobody has a copy of their own', () => {
    for (const principal of [anonymous, user('u_1'), user('u_1', 1)]) {
      expect(access.scopeOf(principal, source('rewards.summary', 'workspace'))).toMatchObject({
        ok: true,
        value: { workspace: 'main', user: null },
      })
    }
  })

  test('any other channel of the workspace: only who is logged in', () => {
    const secret = source('rewards.secret', 'workspace')
    expect(access.scopeOf(anonymous, secret)).toMatchObject({ ok: false, error: { code: 'Unauthorized' } })
    expect(access.scopeOf(user('u_1'), secret)).toMatchObject({ ok: true, value: { user: null } })
  })

  test('a channel of users: each their own, never another one, and never public, whatever is configured', () => {
    const own = source('rewards.networks', 'user')
    expect(access.scopeOf(anonymous, own)).toMatchObject({ ok: false, error: { code: 'Unauthorized' } })
    expect(access.scopeOf(user('u_1'), own)).toMatchObject({ ok: true, value: { user: 'u_1' } })
    expect(access.scopeOf(user('u_2'), own)).toMatchObject({ ok: true, value: { user: 'u_2' } })
  })

  test('a login that has run out opens nothing that is not public', () => {
    for (const audience of ['workspace', 'user'] as const) {
      const channel = source('rewards.earnings', audience)
      expect(access.scopeOf(user('u_1', 1001), channel)).toMatchObject({ ok: true })
      expect(access.scopeOf(user('u_1', 1000), channel)).toMatchObject({
        ok: false,
        error: { code: 'SessionExpired' },
      })
    }
  })

  test('without configuration nothing is public', () => {
    const closed = createAccess([], clock)
    for (const audience of ['workspace', 'user'] as const) {
      expect(closed.scopeOf(anonymous, source('rewards.summary', audience))).toMatchObject({ ok: false })
    }
  })
})
