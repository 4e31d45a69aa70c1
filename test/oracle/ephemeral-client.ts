import { Replica } from '../../src/client/replica.ts'
import { canonicalJson } from '../../src/core/json.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import type { ClientType, Frame, WireFormat } from '../../src/protocol/connection.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { type EphemeralTruth, WORKSPACE } from './ephemeral-truth.ts'

type Held = { readonly replica: Replica; isStale: boolean; isTold: boolean }

/** A reader of ephemeral channels that follows PROTOCOL.md and checks every message. */
export class EphemeralClient {
  readonly held = new Map<string, Held>()
  readonly wants = new Set<string>()
  readonly #waiting = new Set<string>()
  #packed = new PackedDecoder()
  #asked = 0
  out: Frame[] = []

  constructor(
    readonly name: string,
    readonly format: WireFormat,
    readonly clientType: ClientType,
    readonly truth: EphemeralTruth,
    readonly note: (what: string) => void,
  ) {}

  /** A new connection, perhaps to another process. */
  connected(): void {
    this.#packed = new PackedDecoder()
    this.#waiting.clear()
    this.out = []
    for (const held of this.held.values()) {
      held.isStale = false
      held.isTold = false
    }
    if (this.wants.size > 0) this.ask([...this.wants], false)
  }

  ask(addresses: readonly string[], fresh: boolean): void {
    const cursors: { [address: string]: { epoch: number; seq: number } } = {}
    for (const address of addresses) {
      this.wants.add(address)
      const { position } = this.of(address).replica
      if (!fresh && position !== null) cursors[address] = position
    }
    this.#asked += 1
    const id = `${this.name}-${this.#asked}`
    this.#waiting.add(id)
    this.#send({ type: 'subscribe', channels: addresses, workspace: WORKSPACE, cursors, id })
  }

  drop(address: string): void {
    this.wants.delete(address)
    this.held.delete(address)
    this.#send({ type: 'unsubscribe', channels: [address], workspace: WORKSPACE })
  }

  heartbeat(): void {
    this.#send({ type: 'heartbeat' })
  }

  get isAnswered(): boolean {
    return this.#waiting.size === 0
  }

  of(address: string): Held {
    const held = this.held.get(address) ?? { replica: new Replica(), isStale: false, isTold: false }
    this.held.set(address, held)
    return held
  }

  read(frame: Frame): void {
    const message = this.#decode(frame)
    if (message !== null) this.#take(message)
  }

  #take(message: ServerMessage): void {
    this.note(message.type)
    switch (message.type) {
      case 'caught_up':
        if (message.id !== undefined) this.#waiting.delete(message.id)
        return
      case 'stale': {
        if (message.channel === undefined || message.workspace !== WORKSPACE)
          throw new Error(`${this.name}: stale without its channel`)
        if (!this.wants.has(message.channel)) return
        const held = this.of(message.channel)
        held.isStale = true
        held.isTold = true
        return
      }
      case 'snapshot':
      case 'resumed':
      case 'update':
        if (this.wants.has(message.channel)) this.#document(message)
        return
      case 'error':
      case 'resync':
        throw new Error(`${this.name}: ${JSON.stringify(message)}`)
      default:
        return
    }
  }

  #document(message: Extract<ServerMessage, { readonly type: 'snapshot' | 'resumed' | 'update' }>): void {
    const held = this.of(message.channel)
    if (message.workspace !== WORKSPACE) throw new Error(`${this.name}: another workspace`)
    if (message.type === 'update' && held.isStale)
      throw new Error(`${this.name}: E-6: an update of ${message.channel} while it is stale`)
    if (message.type !== 'update') {
      held.isStale = false
      held.isTold = true
    }
    if (message.type === 'snapshot' && message.ephemeral !== true)
      throw new Error(`${this.name}: E-1: a snapshot that does not say that it is ephemeral`)
    const { replica } = held
    const outcome = message.type === 'snapshot' ? replica.snapshot(message).type : replica.delta(message).type
    if (outcome === 'gap')
      throw new Error(`${this.name}: a gap in ${message.channel}, but nothing was dropped`)
    if (outcome === 'corrupt')
      throw new Error(`${this.name}: the checksum of ${message.channel} does not fit`)
    if (outcome !== 'changed' || replica.position === null) return
    const { epoch, seq } = replica.position
    const expected = this.truth.at(message.channel, epoch, seq)
    const actual = canonicalJson(replica.value)
    if (expected === undefined || canonicalJson(expected) !== actual)
      throw new Error(
        `${this.name}: ${message.channel} at ${epoch}.${seq}: has ${actual}, its publisher had ${JSON.stringify(expected)}`,
      )
  }

  #decode(frame: Frame): ServerMessage | null {
    if (this.format !== 'packed') {
      const decoded = decodeServerFrame(frame)
      if (!decoded.ok) throw new Error(`unreadable frame: ${decoded.error}`)
      return decoded.value
    }
    const outcome = this.#packed.decode(frame)
    if (outcome.type === 'message') return outcome.message
    if (outcome.type === 'ignored') return null
    throw new Error(`${this.name}: ${JSON.stringify(outcome)}`)
  }

  #send(message: ClientMessage): void {
    this.out.push(encodeClientMessage(message, this.format))
  }
}
