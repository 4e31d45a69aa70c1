import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Command, Decision, Handler } from '../../src/core/command.ts'
import { AppException, appError } from '../../src/core/errors.ts'
import { DEFAULT_WORKSPACE, type UserId } from '../../src/core/ids.ts'
import { type Storage, StorageFailure } from '../../src/core/storage.ts'
import { firstBrokenLink } from '../../src/journal/chain.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createGroupCommit, type GroupCommit } from '../../src/journal/group-commit.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { channel, manualClock, recordingLogger, seededBytes } from '../support/journal.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

type Do = (stores: Stores, command: Command) => Decision

const accept = (value: number, changes: Record<string, number> = {}): Decision => ({
  ok: true,
  value,
  patches: [{ channel: channel('doc'), patch: { changes, removed: [] } }],
  events: [],
})

const user = (name: string) => ({ type: 'user', userId: name as UserId }) as const

function command(kind: string, more: Partial<Command> = {}): Command {
  return { kind, actor: user('ada'), at: 1, payload: null, ...more }
}

for (const { name, open } of STORAGES) {
  describe(`group commit: ${name}`, () => {
    let opened: OpenedStorage
    let storage: Storage<Stores>
    const logger = recordingLogger()
    const clock = manualClock()
    beforeEach(() => {
      opened = open()
      storage = opened.storage
      logger.lines.length = 0
    })
    afterEach(() => opened.remove())

    function group(handlers: Record<string, Do>, over: Storage<Stores> = storage): GroupCommit {
      const head = beginEpoch(storage, DEFAULT_WORKSPACE, clock, seededBytes(1))
      const table = new Map<string, Handler<Stores, Command>>(Object.entries(handlers))
      return createGroupCommit({ storage: over, handlers: table, head, clock, logger })
    }
    const rows = () => storage.read(({ journal }) => journal.after(0, 100))

    test('patches of a channel become one row a commit, events one each, in order', () => {
      const both: Do = (_stores, { at }) => ({
        ok: true,
        value: at,
        patches: [{ channel: channel('doc'), patch: { changes: { [`p${at}`]: at, last: at }, removed: [] } }],
        events: [{ channel: channel('stream'), type: 'notification', data: at }],
      })
      const commit = group({ both })
      const results = commit.commit([1, 2, 3].map((at) => command('both', { at })))
      expect(rows().map((row) => row.body)).toEqual([
        { kind: 'epoch' },
        { kind: 'patch', patch: { changes: { p1: 1, last: 3, p2: 2, p3: 3 }, removed: [] } },
        { kind: 'event', type: 'notification', data: 1 },
        { kind: 'event', type: 'notification', data: 2 },
        { kind: 'event', type: 'notification', data: 3 },
      ])
      const { epoch } = commit.head()
      expect(results).toEqual([1, 2, 3].map((value) => ({ ok: true, value, epoch, seq: 5 })))
      expect(firstBrokenLink(null, rows())).toBeNull()
    })

    test('a refusal undoes its own rows only and is answered with its reason', () => {
      const refused = appError('RateLimited', 'not now', 5)
      const commit = group({
        write: ({ journal }, { key }) => {
          journal.remember(`row ${key}`, 'x', 1)
          return key === 'bad' ? { ok: false, error: refused } : accept(1)
        },
      })
      const results = commit.commit(['a', 'bad', 'c'].map((key) => command('write', { key })))
      expect(results.map((result) => result.ok)).toEqual([true, false, true])
      expect(results[1]).toEqual({ ok: false, error: refused })
      const found = storage.read(({ journal }) =>
        ['a', 'bad', 'c'].map((key) => journal.recall(`row ${key}`)),
      )
      expect(found).toEqual(['x', null, 'x'])
    })

    test('a handler that throws fails alone, is logged, and may throw its answer', () => {
      const commit = group({
        fine: () => accept(1),
        broken: () => {
          throw new TypeError('secret detail')
        },
        spoken: () => {
          throw new AppException(appError('EntityNotFound', 'no such device'))
        },
      })
      const results = commit.commit(
        ['fine', 'broken', 'spoken', 'unheard', 'fine'].map((kind) => command(kind)),
      )
      const codes = results.map((result) => (result.ok ? 'ok' : result.error.code))
      expect(codes).toEqual(['ok', 'InternalError', 'EntityNotFound', 'InternalError', 'ok'])
      expect(JSON.stringify(results)).not.toContain('secret detail')
      expect(logger.lines).toEqual(['command handler threw'])
    })

    test('a key gets the first answer: in the same commit, later, and from a new writer', () => {
      let calls = 0
      const handlers = { count: () => accept(++calls, { n: calls }) }
      const first = group(handlers)
      const [a, b] = first.commit([command('count', { key: 'k' }), command('count', { key: 'k' })])
      const [c] = first.commit([command('count', { key: 'k' })])
      const [d] = group(handlers).commit([command('count', { key: 'k' })])
      expect(calls).toBe(1)
      expect([b, c, d]).toEqual([a, a, a])
      expect(a).toMatchObject({ ok: true, value: 1, seq: 2 })
    })

    test('keys belong to an actor', () => {
      let calls = 0
      const commit = group({ count: () => accept(++calls) })
      const actors = [user('ada'), user('bob'), { type: 'system' } as const]
      const results = commit.commit(actors.map((actor) => command('count', { key: 'k', actor })))
      expect(results.map((result) => result.ok && result.value)).toEqual([1, 2, 3])
    })

    test('a key used for something else is refused', () => {
      const commit = group({ one: () => accept(1), two: () => accept(2) })
      const codes = (kinds: string[]) =>
        commit
          .commit(kinds.map((kind) => command(kind, { key: 'k' })))
          .map((r) => (r.ok ? 'ok' : r.error.code))
      expect(codes(['one', 'two'])).toEqual(['ok', 'MessageParseError'])
      expect(codes(['two'])).toEqual(['MessageParseError'])
    })

    test('a refusal is not remembered: the retry is decided anew', () => {
      let open = false
      const commit = group({
        door: () => (open ? accept(1) : { ok: false, error: appError('RateLimited', 'closed') }),
      })
      expect(commit.commit([command('door', { key: 'k' })])[0]?.ok).toBe(false)
      open = true
      expect(commit.commit([command('door', { key: 'k' })])[0]?.ok).toBe(true)
    })

    test('a commit that changes nothing writes no row', () => {
      const commit = group({ look: () => ({ ok: true, value: 7, patches: [], events: [] }) })
      const { epoch, seq } = commit.head()
      expect(commit.commit([command('look')])).toEqual([{ ok: true, value: 7, epoch, seq }])
      expect(rows().length).toBe(1)
    })

    test('when the commit fails nothing is acknowledged, and the next one works', () => {
      let failing = true
      const frail: Storage<Stores> = {
        ...storage,
        write(work) {
          return storage.write((stores) => {
            const value = work(stores)
            if (failing) throw new StorageFailure('disk full', null)
            return value
          })
        },
      }
      const commit = group({ set: (_stores, { at }) => accept(at, { n: at }) }, frail)
      const results = commit.commit([command('set', { key: 'a' }), command('set', { key: 'b' })])
      expect(results.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
        'DatabaseError',
        'DatabaseError',
      ])
      expect(rows().length).toBe(1)
      failing = false
      expect(commit.commit([command('set', { key: 'a', at: 9 })])[0]).toMatchObject({
        ok: true,
        value: 9,
        seq: 2,
      })
      expect(firstBrokenLink(null, rows())).toBeNull()
    })

    test('a storage failure inside a handler fails the whole commit', () => {
      const commit = group({
        set: () => accept(1),
        die: () => {
          throw new StorageFailure('input/output error', null)
        },
      })
      const results = commit.commit(['set', 'die', 'set'].map((kind) => command(kind)))
      expect(results.every((result) => !result.ok && result.error.code === 'DatabaseError')).toBe(true)
      expect(rows().length).toBe(1)
    })
  })
}
