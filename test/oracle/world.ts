import { parseChannelAddress } from '../../src/core/channel-address.ts'
import type { ChannelEvent } from '../../src/core/command.ts'
import {
  type ChannelKey,
  type ChannelName,
  channelKey,
  DEFAULT_WORKSPACE,
  type Scope,
  type UserId,
  type WorkspaceId,
} from '../../src/core/ids.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { applyPatch, type Patch } from '../../src/core/patch.ts'
import { StorageFailure } from '../../src/core/storage.ts'
import type { JournalBody, JournalEntry } from '../../src/journal/types.ts'
import type { ChannelSource, History, LoadedDocument, StateSource } from '../../src/live/ports.ts'

export const USERS = ['ann', 'bob'] as const

/** The events of the streams `log` and `inbox`. */
export const EVENTS = ['notification', 'message'] as const

/**
 * The truth at the time of a message: the versions of each channel, oldest first. Replaced when the end is
 * lost.
 */
export type Truth = {
  readonly documents: ReadonlyMap<ChannelKey, readonly { readonly seq: number; readonly value: JsonObject }[]>
}

/**
 * The journal and the tables of a server, in memory and as simple as possible: this is the oracle. It keeps
 * every version of every document, so that the end of the journal can be lost, and the document of a client
 * be compared at any position.
 */
export class World {
  rows: JournalEntry[] = []
  epochs: { readonly epoch: number; readonly firstSeq: number }[] = []
  pruned = 0
  /** Reads fail: the server has no access to its storage, and other nodes continue to write. */
  isAway = false
  /** How often the journal or the tables were read. */
  looks = 0
  #documents = new Map<ChannelKey, { seq: number; value: JsonObject }[]>()
  #events: { readonly channel: ChannelKey; readonly seq: number; readonly data: Json }[] = []
  #truth: Truth = { documents: this.#documents }
  readonly #changedAt = new Map<ChannelKey, number>()

  get truth(): Truth {
    return this.#truth
  }

  get seq(): number {
    return this.#base + this.rows.length
  }

  get epoch(): number {
    return this.epochs[this.epochs.length - 1]?.epoch ?? 0
  }

  /** Seq of the row before the first of `rows`; pruned rows are removed from there. */
  #base = 0

  openEpoch(epoch: number, at: number): void {
    this.epochs.push({ epoch, firstSeq: this.seq + 1 })
    this.#append('main/system.epoch' as ChannelKey, { kind: 'epoch' }, at)
  }

  patch(channel: ChannelKey, patch: Patch, at: number): void {
    this.#append(channel, { kind: 'patch', patch }, at)
    const versions = this.#documents.get(channel) ?? []
    versions.push({ seq: this.seq, value: applyPatch(this.document(channel), patch) })
    this.#documents.set(channel, versions)
  }

  event(event: ChannelEvent, at: number): void {
    this.#append(event.channel, { kind: 'event', type: event.type, data: event.data }, at)
    this.#events.push({ channel: event.channel, seq: this.seq, data: event.data })
  }

  /** Returns all events of a stream that were not lost, including pruned ones. */
  eventsOf(channel: ChannelKey): readonly { readonly seq: number; readonly data: Json }[] {
    return this.#events.filter((event) => event.channel === channel).map(({ seq, data }) => ({ seq, data }))
  }

  /** Returns the seq of the last change of a channel, pruned or not. */
  lastSeqOf(channel: ChannelKey): number {
    const version = this.#documents.get(channel)?.at(-1)?.seq ?? 0
    return Math.max(version, this.eventsOf(channel).at(-1)?.seq ?? 0)
  }

  /** Returns the greatest seq that a channel ever had, lost or not. */
  everChanged(channel: ChannelKey): number {
    return this.#changedAt.get(channel) ?? 0
  }

  document(channel: ChannelKey): JsonObject {
    return valueAt(this.#truth, channel, this.seq)
  }

  after(seq: number, limit: number): readonly JournalEntry[] {
    this.#look()
    const from = Math.max(0, seq - this.#base)
    return this.rows.slice(from, from + limit)
  }

  prune(seq: number): void {
    const upTo = Math.min(seq, this.seq - 1)
    if (upTo <= this.pruned) return
    this.rows = this.rows.filter((row) => row.seq > upTo)
    this.#base = upTo
    this.pruned = upTo
  }

  /** Fails over to a copy that lags: everything after `seq` was never there. */
  lose(seq: number): void {
    const upTo = Math.max(seq, this.pruned + 1)
    this.rows = this.rows.filter((row) => row.seq <= upTo)
    this.epochs = this.epochs.filter((epoch) => epoch.firstSeq <= upTo)
    this.#events = this.#events.filter((event) => event.seq <= upTo)
    const entries = [...this.#documents].map(
      ([channel, versions]) => [channel, versions.filter((version) => version.seq <= upTo)] as const,
    )
    this.#documents = new Map(entries)
    this.#truth = { documents: this.#documents }
  }

  knows(epoch: number, seq: number): boolean {
    const index = this.epochs.findIndex((each) => each.epoch === epoch)
    if (index < 0) return false
    const next = this.epochs[index + 1]
    return next === undefined || seq < next.firstSeq
  }

  history(): History {
    const of = (channel: ChannelKey) => {
      this.#look()
      return this.rows.filter((row) => row.channel === channel)
    }
    return {
      head: () => {
        this.#look()
        return { epoch: this.epoch, seq: this.seq }
      },
      ofChannel: (channel, seq, limit) =>
        of(channel)
          .filter((row) => row.seq > seq)
          .slice(0, limit),
      latestOfChannel: (channel, limit) => of(channel).slice(-limit),
      lastSeqOf: (channel) => {
        this.#look()
        return this.lastSeqOf(channel)
      },
      prunedThrough: () => {
        this.#look()
        return this.pruned
      },
      knows: (epoch, seq) => {
        this.#look()
        return this.knows(epoch, seq)
      },
    }
  }

  /** Returns the document as the tables have it. */
  load(channel: ChannelKey): LoadedDocument {
    this.#look()
    // A document from the tables shares no objects with anything, hence the copy.
    return { seq: this.seq, data: JSON.parse(JSON.stringify(this.document(channel))) }
  }

  #look(): void {
    this.looks += 1
    if (this.isAway) throw new StorageFailure('the storage is away', null)
  }

  #append(channel: ChannelKey, body: JournalBody, at: number): void {
    this.rows.push({ seq: this.seq + 1, epoch: this.epoch, chain: '', at, channel, body })
    this.#changedAt.set(channel, Math.max(this.seq, this.everChanged(channel)))
  }
}

/** Returns a document at a position of the truth. */
export function valueAt(truth: Truth, channel: ChannelKey, seq: number): JsonObject {
  return truth.documents.get(channel)?.findLast((version) => version.seq <= seq)?.value ?? {}
}

/** The workspaces and parameters that exist. */
const WORKSPACES: ReadonlySet<string> = new Set(['main', 'desk'])
const SYMBOLS: ReadonlySet<string> = new Set(['a', 'b', 'c:d/e'])

/**
 * Returns state channels and streams, shared and per user: one of each without parameters, and `book`,
 * `orders` and `trades` with one. All of them are in two workspaces.
 */
export function sourcesOf(world: World): readonly ChannelSource[] {
  const common = (name: string) => ({
    name: name as ChannelName,
    permission: null,
    knows: ({ workspace }: Scope, parameters: readonly string[]) =>
      WORKSPACES.has(workspace) && parameters.every((symbol) => SYMBOLS.has(symbol)),
  })
  const state = (name: string, audience: 'workspace' | 'user'): StateSource => ({
    ...common(name),
    kind: 'state',
    audience,
    load: (scope, parameters) => world.load(channelKey(name as ChannelName, scope, parameters)),
  })
  const parameters = ['symbol']
  return [
    state('shared', 'workspace'),
    state('mine', 'user'),
    { ...common('log'), kind: 'stream', audience: 'workspace', event: 'notification' },
    { ...common('inbox'), kind: 'stream', audience: 'user', event: 'message' },
    { ...state('book', 'workspace'), parameters, aliases: ['depth' as ChannelName] },
    { ...state('orders', 'user'), parameters },
    { ...common('trades'), kind: 'stream', audience: 'workspace', event: 'notification', parameters },
  ]
}

/**
 * Returns workspace and address of a channel; tests name it by its address, with the workspace and a slash
 * before it unless that is `main`.
 */
export function placeOf(name: string): { readonly workspace: WorkspaceId; readonly address: string } {
  if (!name.startsWith('desk/')) return { workspace: DEFAULT_WORKSPACE, address: name }
  return { workspace: 'desk' as WorkspaceId, address: name.slice('desk/'.length) }
}

/** Returns the name that tests give to the channel of a message. */
export function nameOf(message: { readonly channel: string; readonly workspace?: string }): string {
  return message.workspace === undefined ? message.channel : `${message.workspace}/${message.channel}`
}

export function isStream(name: string): boolean {
  return STREAMS.has(placeOf(name).address.split(':')[0] ?? '')
}

const STREAMS: ReadonlySet<string> = new Set(['log', 'inbox', 'trades'])
const PER_USER: ReadonlySet<string> = new Set(['mine', 'inbox', 'orders'])

/** Returns the key of a channel by its name, for a user if it is one per user. */
export function keyOf(name: string, user: string): ChannelKey {
  const { workspace, address } = placeOf(name)
  const parsed = parseChannelAddress(address)
  if (parsed === null) throw new Error(`no address: ${address}`)
  const scope = { workspace, user: PER_USER.has(parsed.name) ? (user as UserId) : null }
  return channelKey(parsed.name as ChannelName, scope, parsed.parameters)
}
