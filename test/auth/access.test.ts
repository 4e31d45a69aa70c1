import { describe, expect, test } from 'bun:test'
import { createAccess } from '../../src/auth/access.ts'
import { type ChannelName, DEFAULT_WORKSPACE, type UserId, type WorkspaceId } from '../../src/core/ids.ts'
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
  permission: null,
  event: 'notification',
})

const MAIN = DEFAULT_WORKSPACE
const DESK = 'desk' as WorkspaceId

describe('G7: who may read which channel', () => {
  test('a public channel of the workspace: everyone, and nobody has a copy of their own', () => {
    for (const principal of [anonymous, user('u_1'), user('u_1', 1)]) {
      expect(access.scopeOf(principal, source('rewards.summary', 'workspace'), MAIN)).toMatchObject({
        ok: true,
        value: { workspace: 'main', user: null },
      })
    }
  })

  test('any other channel of the workspace: only who is logged in', () => {
    const secret = source('rewards.secret', 'workspace')
    expect(access.scopeOf(anonymous, secret, MAIN)).toMatchObject({
      ok: false,
      error: { code: 'Unauthorized' },
    })
    expect(access.scopeOf(user('u_1'), secret, MAIN)).toMatchObject({ ok: true, value: { user: null } })
  })

  test('a channel of users: each their own, never another one, and never public, whatever is configured', () => {
    const own = source('rewards.networks', 'user')
    expect(access.scopeOf(anonymous, own, MAIN)).toMatchObject({ ok: false, error: { code: 'Unauthorized' } })
    expect(access.scopeOf(user('u_1'), own, MAIN)).toMatchObject({ ok: true, value: { user: 'u_1' } })
    expect(access.scopeOf(user('u_2'), own, MAIN)).toMatchObject({ ok: true, value: { user: 'u_2' } })
  })

  test('a login that has run out opens nothing that is not public', () => {
    for (const audience of ['workspace', 'user'] as const) {
      const channel = source('rewards.earnings', audience)
      expect(access.scopeOf(user('u_1', 1001), channel, MAIN)).toMatchObject({ ok: true })
      expect(access.scopeOf(user('u_1', 1000), channel, MAIN)).toMatchObject({
        ok: false,
        error: { code: 'SessionExpired' },
      })
    }
  })

  test('S-17: a public channel is public in the workspace main alone', () => {
    const summary = source('rewards.summary', 'workspace')
    expect(access.scopeOf(anonymous, summary, DESK)).toMatchObject({
      ok: false,
      error: { code: 'Unauthorized' },
    })
    expect(access.scopeOf(user('u_1'), summary, DESK)).toMatchObject({
      ok: true,
      value: { workspace: 'desk', user: null },
    })
  })

  test('S-17: a channel that asks for a role is closed to everyone in every workspace, configured as public or not', () => {
    const secret: ChannelSource = { ...source('rewards.summary', 'workspace'), permission: 'admin' }
    for (const workspace of [MAIN, DESK]) {
      for (const principal of [anonymous, user('u_1')]) {
        expect(access.scopeOf(principal, secret, workspace)).toMatchObject({
          ok: false,
          error: { code: 'Unauthorized' },
        })
      }
    }
  })

  test('without configuration nothing is public', () => {
    const closed = createAccess([], clock)
    for (const audience of ['workspace', 'user'] as const) {
      expect(closed.scopeOf(anonymous, source('rewards.summary', audience), MAIN)).toMatchObject({
        ok: false,
      })
    }
  })
})
