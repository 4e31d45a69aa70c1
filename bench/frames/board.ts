import { type ReadRewards, rewardsChannels } from '../../src/boards/rewards/channels/channels.ts'
import { REWARDS_EVENTS } from '../../src/boards/rewards/channels/names.ts'
import { rewardsHandlers } from '../../src/boards/rewards/commands/handlers.ts'
import { DEFAULT_RULES } from '../../src/boards/rewards/domain/rules.ts'
import type { RewardsCommand } from '../../src/boards/rewards/domain/types.ts'
import { type Clock, systemRandom } from '../../src/core/clock.ts'
import { DEFAULT_WORKSPACE, type UserId } from '../../src/core/ids.ts'
import { ok } from '../../src/core/result.ts'
import type { Storage } from '../../src/core/storage.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createGroupCommit } from '../../src/journal/group-commit.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { createHistory } from '../../src/journal/history.ts'
import { createTail } from '../../src/journal/tail.ts'
import { createEngine } from '../../src/live/engine.ts'
import { DEFAULT_LIMITS } from '../../src/live/limits.ts'
import type { Frame, Publisher, Transport, WireFormat } from '../../src/live/ports.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { createMessageParser } from '../../src/protocol/parse.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import type { Stores } from '../../src/storage/stores.ts'

/**
 * One published update: its size in bytes in each format, and that of the whole document as a JSON snapshot.
 */
export type Published = {
  readonly channel: string
  /** The JSON frame. */
  readonly text: string
  readonly bytes: Readonly<Record<WireFormat, number>>
  readonly snapshot: number
}

/** The real board, journal and engine in memory, with a manual clock and one user who reads. */
export type BenchBoard = {
  readonly clock: { time: number; now(): number }
  /** Commits in one transaction and publishes. Returns the published updates. */
  turn(commands: readonly RewardsCommand[]): readonly Published[]
}

const FORMATS: readonly WireFormat[] = ['json', 'msgpack', 'packed']

/** Opens a board of which `viewer` reads the channels in every format. */
export function openBoard(start: number, viewer: UserId, channels: readonly string[]): BenchBoard {
  const clock = { time: start, now: () => clock.time }
  const storage = createMemoryStorage()
  const commits = openCommits(storage, clock)
  const read: ReadRewards = (work) => storage.read(({ rewards, journal }) => work(rewards, journal.head()))
  const sources = rewardsChannels(read, DEFAULT_RULES)
  const { frames, transport, publisher } = recordFrames()
  /** No timer runs: each turn comes after a flush interval, so its changes are published at once. */
  const timers = { time: 0, now: () => timers.time, after: () => () => {} }
  const engine = createEngine<WireFormat>({
    clock,
    random: systemRandom,
    sources,
    transport,
    publisher,
    access: {
      scopeOf: (_, { audience }) =>
        ok({ workspace: DEFAULT_WORKSPACE, user: audience === 'user' ? viewer : null }),
    },
    history: createHistory((work) => storage.read(({ journal }) => work(journal))),
    authenticator: { authenticate: () => fault('nobody logs in') },
    parser: createMessageParser([]),
    boards: { handle: () => fault('commands come by the bus'), closed() {} },
    events: REWARDS_EVENTS,
    metrics: { sent() {}, received() {}, encoded() {}, broadcast() {}, subscribed() {}, connected() {} },
    relay: null,
    limits: DEFAULT_LIMITS,
    timers,
    defect: fault,
  })
  const tail = createTail({
    read: (work) => storage.read(({ journal }) => work(journal)),
    deliver: (entries) => engine.apply(entries),
    onLost: () => fault('the journal was lost'),
    slice: Number.MAX_SAFE_INTEGER - 1,
    defer: (next) => next(),
    failed: fault,
  })
  for (const format of FORMATS) {
    engine.open(format, {
      format,
      clientType: 'web',
      origin: 'bench',
      address: '127.0.0.1',
      operator: true,
      workspace: DEFAULT_WORKSPACE,
      preset: channels,
    })
  }

  function snapshotBytes(channel: string): number {
    const source = sources.find(({ name }) => name === channel)
    if (source?.kind !== 'state' || source.durability === 'ephemeral')
      return fault(`${channel} is no state channel`)
    const user = source.audience === 'user' ? viewer : null
    const { seq, data } = source.load({ workspace: DEFAULT_WORKSPACE, user }, [])
    const message: ServerMessage = {
      type: 'snapshot',
      channel: source.name,
      epoch: 0xffffffff,
      seq,
      timestamp: clock.time,
      data,
    }
    return byteLength(JSON.stringify(message))
  }

  return {
    clock,
    turn(commands) {
      for (const result of commits.commit(commands)) if (!result.ok) fault(result.error.message)
      for (const format of FORMATS) frames[format] = []
      timers.time += FLUSH_INTERVAL.web
      tail.wake()
      return frames.json.map((json, index) => {
        const { channel }: { channel: string } = JSON.parse(String(json))
        const size = (format: WireFormat) =>
          byteLength(frames[format][index] ?? fault(`no frame in ${format}`))
        return {
          channel,
          text: String(json),
          bytes: { json: size('json'), msgpack: size('msgpack'), packed: size('packed') },
          snapshot: snapshotBytes(channel),
        }
      })
    },
  }
}

function openCommits(storage: Storage<Stores>, clock: Clock) {
  const handlers = handlerTable<Stores>()
  handlers.of(({ rewards }) => rewards).add<RewardsCommand>(rewardsHandlers(DEFAULT_RULES))
  return createGroupCommit<Stores>({
    storage,
    handlers: handlers.table,
    head: beginEpoch(storage, DEFAULT_WORKSPACE, clock, systemRandom),
    clock,
    logger: { debug() {}, info() {}, warn: fault, error: fault },
  })
}

/** Frames of a user's channels are sent to sockets, those of shared channels are published. */
function recordFrames() {
  /** Frames of the present turn, in the order of their channels, which is the same for every format. */
  const frames: Record<WireFormat, Frame[]> = { json: [], msgpack: [], packed: [] }
  const transport: Transport<WireFormat> = {
    send: (format, frame) => void frames[format].push(frame),
    buffered: () => 0,
    join() {},
    leave() {},
    cork: (_, work) => work(),
    close: fault,
  }
  const publisher: Publisher = {
    publish(topic, frame) {
      frames[wireFormat(topic.split('|').at(-1))].push(frame)
      return 'delivered'
    },
  }
  return { frames, transport, publisher }
}

function wireFormat(text: string | undefined): WireFormat {
  return FORMATS.find((format) => format === text) ?? fault(`${text} is no format`)
}

function byteLength(frame: Frame): number {
  return typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength
}

function fault(...what: readonly unknown[]): never {
  throw new Error(what.map((part) => (part instanceof Error ? part.message : JSON.stringify(part))).join(' '))
}
