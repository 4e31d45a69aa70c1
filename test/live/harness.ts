import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { DEFAULT_LIMITS, type EngineLimits } from '../../src/live/limits.ts'
import type { Session } from '../../src/live/model.ts'
import type { Authenticator, BoardMessages } from '../../src/live/ports.ts'
import type { Engine, OpenOptions } from '../../src/live/types.ts'
import { type BoardMessage, boardMessage } from '../../src/protocol/board-message.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { createMessageParser } from '../../src/protocol/parse.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { startEngine } from '../oracle/start-engine.ts'
import { Socket, Wire } from '../oracle/wire.ts'
import { keyOf, World } from '../oracle/world.ts'
import { manualClock } from '../support/journal.ts'
import { manualTimers } from '../support/manual-timers.ts'

/** The messages to boards: `report` is handled at once, `order` waits until a slow session has drained. */
const TEST_PARSER = createMessageParser([
  { schema: boardMessage('report', {}), immediate: true },
  { schema: boardMessage('order', {}) },
])

/**
 * An engine over the oracle's world and wire, with clients that are driven by hand. Tokens are names of
 * users; `bad` is invalid.
 */
export class Harness {
  readonly world = new World()
  readonly clock = manualClock()
  readonly timers = manualTimers()
  readonly wire = new Wire(() => this.world.truth)
  readonly defects: string[] = []
  readonly engine: Engine<Socket>
  #tail: number

  constructor(
    parts: {
      readonly limits?: Partial<EngineLimits>
      readonly authenticator?: Authenticator
      readonly boards?: BoardMessages
      readonly events?: readonly string[]
    } = {},
  ) {
    this.world.openEpoch(7, this.clock.now())
    this.#tail = this.world.seq
    this.engine = startEngine(this.world, this.wire, this.clock, this.timers, {
      parser: TEST_PARSER,
      ...parts,
      limits: { ...DEFAULT_LIMITS, ...parts.limits },
      defect: (cause, during) => void this.defects.push(`${during}: ${String(cause)}`),
    })
  }

  open(options: Partial<OpenOptions> = {}): Peer {
    const socket = new Socket()
    const session = this.engine.open(socket, {
      format: 'json',
      clientType: 'web',
      origin: 'http://test',
      address: '127.0.0.1',
      preset: [],
      operator: false,
      workspace: DEFAULT_WORKSPACE,
      ...options,
    })
    return new Peer(this, socket, session)
  }

  /** Commits a patch of a state channel; `user` matters for channels per user. */
  patch(name: string, changes: JsonObject, removed: readonly string[] = [], user = 'ann'): void {
    this.world.patch(keyOf(name, user), { changes, removed }, this.clock.now())
  }

  event(name: string, data: JsonObject, user = 'ann'): void {
    this.world.event({ channel: keyOf(name, user), type: 'notification', data }, this.clock.now())
  }

  /** Delivers the committed rows to the engine, as the tail does. */
  tell(): void {
    this.engine.apply(this.world.after(this.#tail, 100_000))
    this.#tail = this.world.seq
  }

  /** The tail brings what was committed, and every feed may send what it has not sent yet. */
  tick(): void {
    this.tell()
    this.timers.pass(FLUSH_INTERVAL.web)
  }

  pass(millis: number): void {
    this.clock.time += millis
    this.timers.pass(millis)
    this.engine.sweep()
  }
}

/** One client, driven by hand. */
export class Peer {
  constructor(
    readonly harness: Harness,
    readonly socket: Socket,
    readonly session: Session<Socket>,
  ) {}

  send(message: ClientMessage | BoardMessage): void {
    this.harness.engine.receive(this.session, encodeClientMessage(message, this.session.format))
  }

  raw(frame: string | Uint8Array): void {
    this.harness.engine.receive(this.session, frame)
  }

  /** Returns the messages since the last call. */
  read(): readonly ServerMessage[] {
    return this.socket.items.splice(0).flatMap((item) => {
      if (item.type !== 'frame') return []
      const decoded = decodeServerFrame(item.frame)
      if (!decoded.ok || decoded.value === null) throw new Error('unreadable frame')
      return [decoded.value]
    })
  }

  /** Returns the errors since the last call. */
  errors(): readonly { readonly code: string; readonly message: string }[] {
    return this.read().flatMap((message) => (message.type === 'error' ? [message] : []))
  }

  /** Returns the types of the messages since the last call. */
  types(): readonly string[] {
    return this.read().map((message) => message.type)
  }

  async login(user = 'ann'): Promise<void> {
    this.send({ type: 'authenticate', token: user })
    await settled()
  }
}

/** Lets settled promises run their continuations. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 5; n++) await Promise.resolve()
}
