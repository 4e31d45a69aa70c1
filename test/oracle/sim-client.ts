import type { Cursor } from '../../src/client/api.ts'
import { Replica } from '../../src/client/replica.ts'
import { DEFAULT_WORKSPACE, type WorkspaceId } from '../../src/core/ids.ts'
import { canonicalJson, type Json, type JsonObject } from '../../src/core/json.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import type { ClientType, Frame, WireFormat } from '../../src/protocol/connection.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import type { Item } from './wire.ts'
import { isStream, keyOf, nameOf, placeOf, type Truth, valueAt, type World } from './world.ts'

/** The state of a client for one channel. */
type Held = {
  replica: Replica
  /** Events of a stream since the position in `start`. */
  start: number
  events: { readonly seq: number; readonly data: Json }[]
  /** It has asked to resume and waits for the answer. */
  isAsking: boolean
  /** The server has to send `resync` before anything else of this channel. */
  mustBeTold: boolean
  /** The earliest position from which it asked on this connection. */
  askedFrom: number
  /** A `resync` explains the next snapshot. */
  wasToldSo: boolean
  /** Number of snapshots that it asked for and that have not come. */
  askedFresh: number
}

type Past = Pick<World, 'pruned' | 'everChanged'>

type Saved = Pick<Held, 'start' | 'events'> & {
  readonly name: string
  readonly position: Cursor | null
  readonly value: JsonObject | null
}

/** A client that follows PROTOCOL.md, with the real codecs and the real replica, and checks every message. */
export class SimClient {
  readonly held = new Map<string, Held>()
  /** Ids of subscribes without `caught_up` or `error` so far. */
  readonly waiting = new Set<string>()
  #packed = new PackedDecoder()
  #asked = 0
  #isLoggedIn = false
  /** The server said that it hears nothing new itself (rules B-5, B-6). */
  isStale = false
  #saved: readonly Saved[] = []
  readonly wants = new Set<string>()
  out: Frame[] = []

  constructor(
    readonly name: string,
    readonly user: string,
    readonly format: WireFormat,
    readonly clientType: ClientType,
    /** Nothing is dropped, so it must never find a gap. */
    readonly isCalm: boolean,
    /** Called with each message type, and with gaps. */
    readonly note: (what: string) => void,
  ) {}

  /** To be called for a new connection: requests on the old one will not be answered. */
  connected(knows: (epoch: number, seq: number) => boolean): void {
    this.#judge(knows)
    this.#packed = new PackedDecoder()
    this.#isLoggedIn = false
    this.isStale = false
    this.waiting.clear()
    this.out = []
    for (const held of this.held.values()) {
      held.isAsking = false
      held.askedFrom = Number.POSITIVE_INFINITY
      held.wasToldSo = false
      held.askedFresh = 0
    }
    this.#send({ type: 'authenticate', token: this.user })
  }

  /** Saves its present state. */
  save(): void {
    this.#saved = [...this.held].map(([name, { replica, start, events }]) => ({
      name,
      start,
      events: [...events],
      position: replica.position,
      value: replica.value,
    }))
  }

  get canRestore(): boolean {
    return this.#saved.length > 0
  }

  /** Returns to the saved state. */
  restore(): void {
    this.held.clear()
    for (const { name, start, events, position, value } of this.#saved) {
      const held = this.#of(name)
      held.replica = new Replica(position)
      held.replica.value = value
      held.start = start
      held.events = [...events]
    }
  }

  /** Asks for those channels for which no answer is due. */
  askFor(names: readonly string[], fresh: boolean): void {
    const idle = names.filter((name) => !this.#of(name).isAsking)
    if (!this.#isLoggedIn) return
    for (const name of idle) this.wants.add(name)
    if (idle.length > 0) this.subscribe(idle, fresh)
  }

  /** Asks for channels, with cursors where it has a position. */
  subscribe(names: readonly string[], fresh = false): void {
    for (const [workspace, own] of Map.groupBy(names, (name) => placeOf(name).workspace))
      this.#subscribeIn(workspace, own, fresh)
  }

  #subscribeIn(workspace: WorkspaceId, names: readonly string[], fresh: boolean): void {
    const cursors: { [address: string]: { epoch: number; seq: number } } = {}
    for (const name of names) {
      const held = this.#of(name)
      held.isAsking = true
      if (fresh) {
        held.replica.forget()
        held.mustBeTold = false
      }
      if (held.replica.position === null) held.askedFresh += 1
      else cursors[placeOf(name).address] = held.replica.position
      held.askedFrom = Math.min(held.askedFrom, held.replica.position?.seq ?? 0)
    }
    this.#asked += 1
    const id = `${this.name}-${this.#asked}`
    this.waiting.add(id)
    const channels = names.map((name) => placeOf(name).address)
    this.#send({ type: 'subscribe', channels, ...inWorkspace(workspace), cursors, id })
  }

  unsubscribe(name: string): void {
    this.wants.delete(name)
    const { workspace, address } = placeOf(name)
    this.#send({ type: 'unsubscribe', channels: [address], ...inWorkspace(workspace) })
  }

  refresh(name: string): void {
    const { workspace, address } = placeOf(name)
    this.#send({ type: 'refresh', channels: [address], ...inWorkspace(workspace) })
  }

  heartbeat(): void {
    this.#send({ type: 'heartbeat' })
  }

  /**
   * Reads one item, in a world that may have changed since it was sent. Throws when the server broke a
   * promise.
   */
  read(item: Item, world: Past): void {
    if (item.type === 'lost') {
      this.#judge(item.knows)
      return
    }
    const message = this.#decode(item.frame)
    if (message !== null) this.#take(message, item.truth, world)
  }

  #decode(frame: Frame): ServerMessage | null {
    if (this.format !== 'packed') {
      const decoded = decodeServerFrame(frame)
      if (!decoded.ok || decoded.value === null)
        throw new Error(`unreadable frame: ${JSON.stringify(decoded)}`)
      return decoded.value
    }
    const outcome = this.#packed.decode(frame)
    switch (outcome.type) {
      case 'message':
        return outcome.message
      case 'ignored':
        return null
      case 'lost':
        this.#goOn(nameOf(outcome))
        return null
      case 'broken':
        throw new Error(`broken packed frame: ${outcome.reason}`)
      default:
        return outcome satisfies never
    }
  }

  #take(message: ServerMessage, truth: Truth, world: Past): void {
    this.note(message.type === 'resync' ? `resync: ${message.reason.split(' ').slice(0, 1)}` : message.type)
    switch (message.type) {
      case 'stale':
      case 'fresh':
        if (this.isStale === (message.type === 'stale'))
          throw new Error(`${message.type} for the second time`)
        this.isStale = message.type === 'stale'
        return
      case 'hello':
      case 'heartbeat':
      case 'unsubscribed':
      case 'reconnect':
      case 'ack':
        return
      case 'authenticated':
        this.#isLoggedIn = true
        this.askFor([...this.wants], false)
        return
      case 'error':
        if (message.id !== undefined) this.waiting.delete(message.id)
        if (message.code === 'EntityNotFound') return
        throw new Error(`unexpected error ${message.code}: ${message.message}`)
      case 'caught_up':
        if (message.id !== undefined) this.waiting.delete(message.id)
        return
      case 'resync': {
        const name = nameOf(message)
        const held = this.#of(name)
        const at = held.replica.position
        if (message.reason === 'retention' && at !== null) {
          const from = Math.min(at.seq, held.askedFrom)
          const last = world.everChanged(keyOf(name, this.user))
          if (from >= world.pruned || from >= last)
            throw new Error(`${name}: retention claimed for ${from}, ${world.pruned} pruned, last ${last}`)
        }
        held.mustBeTold = false
        held.wasToldSo = true
        held.replica.forget()
        return
      }
      case 'snapshot': {
        const name = nameOf(message)
        const held = this.#of(name)
        if (held.mustBeTold) throw new Error(`${name}: a snapshot, but nobody said resync`)
        const isToldSo = held.wasToldSo || held.askedFresh > 0
        if (held.wasToldSo) held.wasToldSo = false
        else held.askedFresh -= held.askedFresh > 0 ? 1 : 0
        if (isStream(name) && held.replica.position !== null && !isToldSo)
          throw new Error(`${name}: a stream starts again, but nobody said resync`)
        held.start = message.seq
        held.events = []
        this.#check(name, held.replica.snapshot(message).type, truth)
        held.isAsking = false
        return
      }
      case 'resumed':
      case 'update': {
        const name = nameOf(message)
        const held = this.#of(name)
        if (held.mustBeTold) throw new Error(`${name}: ${message.type}, but nobody said resync`)
        if (message.type === 'resumed') held.isAsking = false
        this.#check(name, held.replica.delta(message).type, truth)
        return
      }
      default: {
        const name = nameOf(message)
        const held = this.#of(name)
        if (held.mustBeTold) throw new Error(`${name}: an event, but nobody said resync`)
        const before = held.replica.position
        if (before === null) return
        const outcome = held.replica.event(message, false)
        if (outcome.type === 'event') held.events.push({ seq: message.seq, data: message.data })
        else if (outcome.type === 'gap') this.#goOn(name)
      }
    }
  }

  /** G2: after every message that changes it, the document equals that of the server at the same position. */
  #check(name: string, outcome: string, truth: Truth): void {
    if (outcome === 'gap') {
      this.#goOn(name)
      return
    }
    if (outcome === 'corrupt') throw new Error(`${name}: the checksum does not fit`)
    const { replica } = this.#of(name)
    if (outcome !== 'changed' || replica.position === null || isStream(name)) return
    const expected = canonicalJson(valueAt(truth, keyOf(name, this.user), replica.position.seq))
    const actual = canonicalJson(replica.value)
    if (actual !== expected)
      throw new Error(`${name} at ${replica.position.seq}: has ${actual}, the server had ${expected}`)
  }

  #judge(knows: (epoch: number, seq: number) => boolean): void {
    for (const held of this.held.values()) {
      const at = held.replica.position
      if (at !== null && !knows(at.epoch, at.seq)) held.mustBeTold = true
    }
  }

  #goOn(name: string): void {
    if (this.#of(name).isAsking) return
    if (this.isCalm) throw new Error(`${name}: a gap, but nothing was dropped`)
    this.note('gap')
    this.subscribe([name])
  }

  #of(name: string): Held {
    const held = this.held.get(name)
    if (held !== undefined) return held
    const replica = new Replica()
    const made: Held = {
      replica,
      start: 0,
      events: [],
      askedFrom: Number.POSITIVE_INFINITY,
      isAsking: false,
      mustBeTold: false,
      wasToldSo: false,
      askedFresh: 0,
    }
    this.held.set(name, made)
    return made
  }

  #send(message: ClientMessage): void {
    this.out.push(encodeClientMessage(message, this.format))
  }
}

function inWorkspace(workspace: WorkspaceId): { readonly workspace?: string } {
  return workspace === DEFAULT_WORKSPACE ? {} : { workspace }
}
