import type { Millis } from '../core/clock.ts'
import type { ChannelKey, SessionId, WorkspaceId } from '../core/ids.ts'
import { isEmptyPatch, type Patch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import type { PackedFeed } from '../protocol/packed-encoder.ts'
import type { Challenge, ChannelSource, ClientType, Principal, SessionInfo, WireFormat } from './ports.ts'
import { ANONYMOUS, type Deferred, type Link, type Login, NOTHING, OPEN } from './session-state.ts'

// Sessions, the channels that they hold and the feeds of these refer to each other, so they share a file.

/**
 * One socket as the engine sees it. There may be very many, most of them idle, so this is one flat object
 * without closures, timers and maps. It is also the token bucket of its messages (`tokens`, `at`) and the
 * view that ports get of it.
 */
export class Session<Socket> implements SessionInfo {
  login: Login
  link: Link = OPEN
  /** The channels that it holds, and for each its index in the list of sessions of that channel. */
  channels: readonly Channel<Socket>[] = NOTHING
  places: number[] = NO_PLACES
  /** Messages that wait, in order: while the session is paused, or while the engine is suspended. */
  deferred: readonly Deferred[] = NOTHING
  /** Channels of the preset that wait for the login. */
  pendingPreset: readonly string[] = NOTHING
  /** Token bucket; `at` is also when this session was last heard. */
  tokens: number
  at: Millis
  /**
   * Rises with each refused message and falls with each handled one, so that a client that keeps sending too
   * much reaches the limit.
   */
  refusals = 0
  unanswered = 0

  readonly format: WireFormat
  readonly clientType: ClientType
  readonly address: string
  readonly operator: boolean
  readonly workspace: WorkspaceId

  constructor(
    readonly socket: Socket,
    readonly id: SessionId,
    options: Pick<SessionInfo, 'format' | 'clientType' | 'address' | 'operator'> & {
      /** The workspace of messages that name none. */
      readonly workspace: WorkspaceId
    },
    challenge: Challenge,
    now: Millis,
    tokens: number,
  ) {
    this.format = options.format
    this.clientType = options.clientType
    this.address = options.address
    this.operator = options.operator
    this.workspace = options.workspace
    this.login = { type: 'anonymous', challenge, since: now }
    this.tokens = tokens
    this.at = now
  }

  get principal(): Principal {
    return this.login.type === 'user' ? this.login : ANONYMOUS
  }
}

/**
 * A channel that at least one session holds. Most channels belong to one user and are idle, so it has no
 * document of its own: documents are in `documents.ts`, and patches are forwarded without one.
 */
export class Channel<Socket> {
  /** In no order. A session knows its index here, so that leaving costs the same however many there are. */
  readonly sessions: Session<Socket>[] = []
  /** One per rate; null while no session reads at that rate. */
  web: Feed<Socket> | null = null
  tui: Feed<Socket> | null = null

  /**
   * `seq` is a position with two properties: the channel did not change between it and the engine's own
   * position, and every session that is caught up from now on has at least this position. So a feed that
   * starts at `seq` fits all of them.
   */
  constructor(
    readonly key: ChannelKey,
    readonly source: ChannelSource,
    /** As clients name it, with its parameters. */
    readonly address: string,
    readonly workspace: WorkspaceId,
    public seq: number,
  ) {}

  /** Adds a session that does not hold this channel yet. */
  add(session: Session<Socket>): void {
    session.channels = [...session.channels, this]
    session.places = [...session.places, this.sessions.length]
    this.sessions.push(session)
  }

  /** Removes the session that holds this channel as its `index`th. */
  remove(session: Session<Socket>, index: number): void {
    const place = session.places[index]
    const last = this.sessions.pop()
    if (place === undefined || last === undefined) return
    if (last !== session) {
      this.sessions[place] = last
      last.places[last.channels.indexOf(this)] = place
    }
    session.channels = session.channels.filter((_, at) => at !== index)
    session.places = session.places.filter((_, at) => at !== index)
  }
}

/**
 * A channel at one rate: the position published last, and the patches since. It exists while a session reads
 * at that rate. Sessions that join have position `seq` or a later one, so the next delta, which starts there,
 * fits all of them.
 */
export class Feed<Socket> {
  /** Number of sessions that read it, by format; a format without readers is not encoded. */
  json = 0
  msgpack = 0
  packed = 0
  /** Number of deltas published, which decides when a checksum is due. */
  deltas = 0
  /** Commit time of the oldest patch that waits, ms. */
  waitingSince: Millis = 0
  /** From when it may send again, by the monotonic clock; kept by its throttle. */
  sendableAt: Millis = 0
  #waiting: PatchBuilder | null = null
  #packedFeed: PackedFeed | null = null

  /** `seq` and `epoch` of the last frame published, or where the feed starts. */
  constructor(
    readonly channel: Channel<Socket>,
    readonly clientType: ClientType,
    public seq: number,
    public epoch: number,
  ) {}

  get readers(): number {
    return this.json + this.msgpack + this.packed
  }

  /** Whether there is anything to publish. */
  get isWaiting(): boolean {
    return this.#waiting !== null
  }

  /** Adds a patch to what is to be published. Returns whether there is anything to publish. */
  add(patch: Patch, at: Millis): boolean {
    if (isEmptyPatch(patch)) return this.#waiting !== null
    if (this.#waiting === null) {
      this.#waiting = new PatchBuilder()
      this.waitingSince = at
    }
    this.#waiting.add(patch)
    return true
  }

  /** Returns the merge of all waiting patches and removes them; null when there are none. */
  take(): Patch | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting === null ? null : waiting.take()
  }

  /** Returns the state of the `packed` format, which `make` makes for the first session that needs it. */
  packedFeed(make: () => PackedFeed): PackedFeed {
    this.#packedFeed ??= make()
    return this.#packedFeed
  }
}

const NO_PLACES: number[] = []
