import type { Client, ClientOptions, OpenSocket, SocketEvents, Timers } from '../../src/client/api.ts'
import { createClient } from '../../src/client/client.ts'
import type { Millis } from '../../src/core/clock.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { BoardMessage, MessageDeclaration } from '../../src/protocol/board-message.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { type Frame, parseConnectionQuery } from '../../src/protocol/connection.ts'
import { encodeServerMessage } from '../../src/protocol/encode-server-message.ts'
import { createMessageParser, type MessageParser } from '../../src/protocol/parse.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/protocol-version.ts'
import type { HelloMessage } from '../../src/protocol/server/hello.ts'
import type { SnapshotMessage } from '../../src/protocol/server/snapshot.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { seeded } from '../support/seeded.ts'

/** Time that moves only by `advance`; timers fire in order, those included that are set by others. */
export class TestTime implements Timers {
  #now: Millis = 1_000_000
  #timers: { readonly at: Millis; readonly call: () => void }[] = []

  now(): Millis {
    return this.#now
  }

  after(millis: Millis, call: () => void): () => void {
    const timer = { at: this.#now + millis, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get waiting(): number {
    return this.#timers.length
  }

  async advance(millis: Millis): Promise<void> {
    const end = this.#now + millis
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.call()
      await settled()
    }
    this.#now = end
    await settled()
  }
}

/** The server's end of one connection: what the client sent, and functions to answer. */
export class TestSocket {
  readonly sent: (ClientMessage | BoardMessage)[] = []
  closedWith: number | null = null

  constructor(
    readonly url: string,
    readonly events: SocketEvents,
  ) {}

  /** All messages of a type, in order. */
  all<Type extends string>(type: Type): readonly Sent<Type>[] {
    return this.sent.filter((message): message is Sent<Type> => message.type === type)
  }

  /** The last message of a type. */
  last<Type extends string>(type: Type): Sent<Type> {
    const found = this.all(type).at(-1)
    if (found === undefined)
      throw new Error(`no ${type} was sent, only ${this.sent.map((one) => one.type).join(', ')}`)
    return found
  }

  count(type: string): number {
    return this.all(type).length
  }

  async say(...messages: readonly ServerMessage[]): Promise<void> {
    const query = parseConnectionQuery(new URL(this.url).searchParams)
    if (!query.ok) throw new Error(query.error.message)
    for (const message of messages) this.events.received(encodeServerMessage(message, query.value.format))
    await settled()
  }

  async frame(frame: Frame): Promise<void> {
    this.events.received(frame)
    await settled()
  }

  async close(code: number, reason = ''): Promise<void> {
    this.events.closed(code, reason)
    await settled()
  }
}

/** A message by its type: one of the engine's, or a board's. */
type Sent<Type extends string> = Type extends ClientMessage['type']
  ? Extract<ClientMessage, { readonly type: Type }>
  : BoardMessage

/**
 * A client with time, randomness and sockets of the test; its server accepts the messages of `declarations`
 * too.
 */
export class Harness {
  readonly time = new TestTime()
  readonly sockets: TestSocket[] = []
  readonly client: Client
  readonly errors: string[] = []

  readonly #parser: MessageParser

  constructor(options: Partial<ClientOptions> = {}, declarations: readonly MessageDeclaration[] = []) {
    this.#parser = createMessageParser(declarations)
    const random = seeded(7)
    this.client = createClient({
      url: 'ws://server/ws',
      format: 'json',
      clock: this.time,
      timers: this.time,
      random: { bytes: (length) => Uint8Array.from({ length }, () => random.int(256)) },
      webSocket: this.#open,
      ...options,
    })
    this.client.onError((error) => this.errors.push(error.message))
  }

  /** The newest connection. */
  get socket(): TestSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error('the client has not connected')
    return socket
  }

  /** Connects and says hello. */
  async up(hello: Partial<HelloMessage> = {}): Promise<TestSocket> {
    this.client.connect()
    await settled()
    await this.socket.say(helloAt(this.time.now(), hello))
    return this.socket
  }

  readonly #open: OpenSocket = (url, events) => {
    const parser = this.#parser
    const socket = new TestSocket(url, events)
    this.sockets.push(socket)
    return {
      send(frame) {
        const parsed = parser.parse(frame)
        if (!parsed.ok) throw new Error(`the client sent what no server takes: ${parsed.error.message}`)
        socket.sent.push(parsed.value.type === 'board' ? parsed.value.message : parsed.value)
      },
      close(code) {
        socket.closedWith = code
      },
    }
  }
}

export function helloAt(serverTime: Millis, hello: Partial<HelloMessage> = {}): HelloMessage {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    session: 's-1',
    heartbeat: 30,
    server_time: serverTime,
    formats: ['json'],
    limits: { message_bytes: 65_536, subscriptions: 64, messages_per_second: 20 },
    public_channels: ['open'],
    events: ['notification'],
    challenge: {
      nonce: 'A'.repeat(43),
      origin: 'http://server',
      session: 's-1',
      expires: serverTime + 60_000,
    },
    ...hello,
  }
}

const TIMESTAMP = 1_753_000_000_000

export function snapshot(
  channel: string,
  epoch: number,
  seq: number,
  data: JsonObject,
  checksum?: number,
): SnapshotMessage {
  return {
    type: 'snapshot',
    channel,
    epoch,
    seq,
    timestamp: TIMESTAMP,
    data,
    ...(checksum === undefined ? {} : { checksum }),
  }
}

export function delta(
  type: 'update' | 'resumed',
  channel: string,
  [epoch, from, seq]: readonly [number, number, number],
  changes: JsonObject,
  rest: { readonly removed?: readonly string[]; readonly checksum?: number } = {},
): ServerMessage {
  return { type, channel, epoch, from, seq, timestamp: TIMESTAMP, changes, ...rest }
}

export function event(channel: string, [epoch, from, seq]: readonly [number, number, number]): ServerMessage {
  return { type: 'event', event: 'notification', channel, epoch, from, seq, timestamp: TIMESTAMP, data: seq }
}

/** Resolves when everything in the microtask queue has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
