/**
 * A board of everything that a board may have, as small as it can be: counters that people add to. Tests run
 * the whole server with it, and "Add a channel" in CONTRIBUTING.md walks through it.
 */
import { join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { Board, BoardDeps, RunningBoard } from '../../src/boards/board.ts'
import { whole } from '../../src/config/kinds.ts'
import { type BoardSettings, setting } from '../../src/config/setting.ts'
import type { Command, Decision } from '../../src/core/command.ts'
import { appError } from '../../src/core/errors.ts'
import { type ChannelName, channelKey, DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { fail, ok } from '../../src/core/result.ts'
import type { ChannelSource } from '../../src/live/ports.ts'
import { boardMessage, messageGuard } from '../../src/protocol/board-message.ts'
import { createMemoryToyStore, createSqliteToyStore, type ToyStore } from './toy-store.ts'

const TOTAL = 'toy.total' as ChannelName
const COUNTER = 'toy.counter' as ChannelName
const LOG = 'toy.log' as ChannelName
const PULSE = 'toy.pulse' as ChannelName
const COUNTED = 'toy_counted'

/** Everyone's documents lie in the one workspace there is. */
const SHARED = { workspace: DEFAULT_WORKSPACE, user: null }

const AddMessage = boardMessage('toy_add', {
  name: Type.String({ pattern: '^[a-z]{1,16}$', description: 'name of a counter' }),
  by: Type.Integer({ minimum: 1, maximum: 1_000, description: 'how much to add' }),
})
const MESSAGES = [{ schema: AddMessage }] as const
const isAdd = messageGuard(MESSAGES)

type AddCommand = Command<'toy.add', Omit<Static<typeof AddMessage>, 'type' | 'id' | 'ack'>>

export const TOY_SETTINGS = {
  name: 'toy',
  publicChannels: [TOTAL, COUNTER, LOG, PULSE],
  settings: {
    limit: setting('DASHBOARD_TOY_LIMIT', whole(100, 1, 1_000_000), 'most that a counter may have'),
  },
} as const satisfies BoardSettings

export const toy: Board<'toy', ToyStore> = {
  ...TOY_SETTINGS,
  presets: { '/ws/toy': [TOTAL, PULSE] },
  messages: MESSAGES,
  events: [COUNTED],
  stores: { sqlite: createSqliteToyStore, memory: createMemoryToyStore },
  registerHandlers: (table) => table.add<AddCommand>({ 'toy.add': add }),
  primaryJobs: [],
  web: { entry: join(import.meta.dir, 'toy-page/index.ts') },
  start: async (deps) => ok(startToy(deps)),
}

/** Decides one `toy_add`: a row, two patches and an event, or a refusal. */
function add(store: ToyStore, { payload: { name, by } }: AddCommand): Decision {
  const count = store.count(name) + by
  if (count > 1_000_000) return { ok: false, error: appError('RateLimited', `the counter ${name} is full`) }
  store.set(name, count)
  return {
    ok: true,
    value: { count },
    patches: [
      { channel: channelKey(COUNTER, SHARED, [name]), patch: { changes: { count }, removed: [] } },
      { channel: channelKey(TOTAL, SHARED), patch: { changes: { total: store.total() }, removed: [] } },
    ],
    events: [{ channel: channelKey(LOG, SHARED), type: COUNTED, data: { name, by } }],
  }
}

function startToy(deps: BoardDeps<ToyStore>): RunningBoard {
  const { limit } = deps.settings(TOY_SETTINGS)
  const countAdded = deps.metrics.counter('added_total', 'What was added to counters')
  let beats = 0
  return {
    channels: channels(deps, () => beats),
    routes: [
      new Elysia({ prefix: '/api/toy', tags: ['toy'] }).get('/:name', ({ params }) => ({
        count: deps.read((store) => store.count(params.name)),
      })),
    ],
    jobs: [
      {
        name: 'beat',
        interval: 50,
        async run() {
          beats += 1
          deps.publish(channelKey(PULSE, SHARED), { changes: { beats }, removed: [] })
        },
      },
    ],
    async onMessage(message, { principal }) {
      if (!isAdd(message) || principal.type !== 'user') return fail(appError('Unauthorized', 'log in first'))
      const { name, by } = message
      if (deps.read((store) => store.count(name)) + by > limit)
        return fail(appError('RateLimited', `${name} may have ${limit} at the most`))
      const actor = { type: 'user', userId: principal.userId } as const
      const command: AddCommand = { kind: 'toy.add', actor, at: deps.clock.now(), payload: { name, by } }
      const result = await deps.bus.submit(command)
      if (!result.ok) return result
      countAdded(by)
      const { value, epoch, seq } = result
      return ok({ value, epoch, seq })
    },
    health: () =>
      beats > 0 ? { status: 'ok' } : { status: 'degraded', reason: 'the first beat is to come' },
    profile: () => ({ toy_total: deps.read((store) => store.total()) }),
  }
}

function channels({ read }: BoardDeps<ToyStore>, beats: () => number): readonly ChannelSource[] {
  const shared = { audience: 'workspace', permission: null } as const
  return [
    {
      ...shared,
      kind: 'state',
      name: TOTAL,
      load: () => read((store, { seq }) => ({ seq, data: { total: store.total() } })),
    },
    {
      ...shared,
      kind: 'state',
      name: COUNTER,
      parameters: ['name'],
      aliases: ['counter' as ChannelName],
      knows: ({ workspace }, [name = '']) =>
        workspace === DEFAULT_WORKSPACE && read((store) => store.count(name)) > 0,
      load: (_scope, [name = '']) => read((store, { seq }) => ({ seq, data: { count: store.count(name) } })),
    },
    { ...shared, kind: 'stream', name: LOG, event: COUNTED },
    { ...shared, kind: 'state', durability: 'ephemeral', name: PULSE, load: () => ({ beats: beats() }) },
  ]
}
