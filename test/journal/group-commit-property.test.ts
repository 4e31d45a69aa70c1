import { expect, test } from 'bun:test'
import type { Command, CommandResult, Decision, Handler } from '../../src/core/command.ts'
import { appError } from '../../src/core/errors.ts'
import { DEFAULT_WORKSPACE, type UserId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { applyPatch } from '../../src/core/patch.ts'
import { firstBrokenLink } from '../../src/journal/chain.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createGroupCommit } from '../../src/journal/group-commit.ts'
import type { JournalEntry } from '../../src/journal/types.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { channel, manualClock, recordingLogger, seededBytes } from '../support/journal.ts'
import { forSeeds, type Seeded } from '../support/seeded.ts'
import { STORAGES } from '../support/storages.ts'

type Payload = { readonly n: number; readonly fate: 'accept' | 'refuse' | 'throw'; readonly path: string }

const USERS = ['ada', 'bob'] as const

/** Writes a row, says one change and one event, and then meets the fate that the command carries. */
const handle: Handler<Stores, Command<string, Payload>> = ({ journal }, { payload, at }): Decision => {
  const { n, fate, path } = payload
  journal.remember(`row ${n}`, 'written', at)
  if (fate === 'throw') throw new Error('as told')
  if (fate === 'refuse') return { ok: false, error: appError('InvalidNetworkData', 'as told') }
  return {
    ok: true,
    value: n,
    patches: [{ channel: channel('doc'), patch: { changes: { [path]: n }, removed: [] } }],
    events: [{ channel: channel('stream'), type: 'notification', data: n }],
  }
}

function randomCommand(random: Seeded, n: number): Command<string, Payload> {
  const keyed = random.oneIn(2)
  const command = {
    kind: 'do',
    actor: { type: 'user', userId: random.pick(USERS) as UserId },
    at: n,
    payload: {
      n,
      fate: random.pick(['accept', 'accept', 'accept', 'refuse', 'throw'] as const),
      path: `p${random.int(4)}`,
    },
  } as const
  // Few keys, so that many are used again, in the same commit and in later ones.
  return keyed ? { ...command, key: `k${random.int(12)}` } : command
}

/** What one command at a time, without any grouping, would have done. */
class Model {
  readonly answers = new Map<string, number>()
  readonly rows = new Set<number>()
  readonly events: number[] = []
  document: JsonObject = {}

  expect({ actor, key, payload }: Command<string, Payload>): number | 'refused' {
    const scoped = key === undefined || actor.type !== 'user' ? null : `${actor.userId} ${key}`
    const earlier = scoped === null ? undefined : this.answers.get(scoped)
    if (earlier !== undefined) return earlier
    if (payload.fate !== 'accept') return 'refused'
    if (scoped !== null) this.answers.set(scoped, payload.n)
    this.rows.add(payload.n)
    this.events.push(payload.n)
    this.document = applyPatch(this.document, { changes: { [payload.path]: payload.n }, removed: [] })
    return payload.n
  }
}

function replay(entries: readonly JournalEntry[]): { document: JsonObject; events: unknown[] } {
  let document: JsonObject = {}
  const events: unknown[] = []
  for (const { body } of entries) {
    if (body.kind === 'patch') document = applyPatch(document, body.patch)
    if (body.kind === 'event') events.push(body.data)
  }
  return { document, events }
}

for (const { name, open } of STORAGES) {
  test(`grouped commands do what single ones would: ${name}`, () => {
    forSeeds('GROUP_COMMIT_SEED', name === 'memory' ? 200 : 10, (random, seed) => {
      const { storage, remove } = open()
      try {
        const clock = manualClock()
        const logger = recordingLogger()
        const model = new Model()
        const table = new Map([['do', handle as Handler<Stores, Command>]])
        const bytes = seededBytes(seed)
        const start = () =>
          createGroupCommit({
            storage,
            handlers: table,
            head: beginEpoch(storage, DEFAULT_WORKSPACE, clock, bytes),
            clock,
            logger,
          })
        let group = start()
        let n = 0
        for (let batch = 0; batch < 12; batch++) {
          if (random.oneIn(5)) group = start()
          const commands = Array.from({ length: random.int(7) }, () => randomCommand(random, ++n))
          const before = group.head().seq
          const results = group.commit(commands)
          expect(results.length).toBe(commands.length)
          for (const [i, command] of commands.entries()) {
            expect(answerOf(results[i])).toBe(model.expect(command))
          }
          clock.time += random.int(3)
          expect(group.head()).toEqual(storage.read(({ journal }) => journal.head()))
          const fresh = storage.read(({ journal }) => journal.after(before, 1_000))
          // One row for all patches of the one channel.
          expect(fresh.filter((entry) => entry.body.kind === 'patch').length).toBeLessThanOrEqual(1)
        }
        const entries = storage.read(({ journal }) => journal.after(0, 10_000))
        expect(replay(entries)).toEqual({ document: model.document, events: model.events })
        expect(firstBrokenLink({ epoch: 0, seq: 0, chain: '' }, entries)).toBeNull()
        for (let row = 1; row <= n; row++) {
          const written = storage.read(({ journal }) => journal.recall(`row ${row}`) !== null)
          expect(written).toBe(model.rows.has(row))
        }
      } finally {
        remove()
      }
    })
  }, 60_000)
}

function answerOf(result: CommandResult | undefined): unknown {
  if (result === undefined) return 'missing'
  return result.ok ? result.value : 'refused'
}
