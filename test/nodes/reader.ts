import { sign } from 'node:crypto'
import { Unpackr } from 'msgpackr'
import type { OpenSocket } from '../../src/client/api.ts'
import { createClient } from '../../src/client/client.ts'
import { platformSocket } from '../../src/client/platform.ts'
import { canonicalJson, isJsonObject, type Json } from '../../src/core/json.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import type { LoginKey } from '../e2e/raw-socket.ts'
import type { LocalNode } from './local-cluster.ts'

export const FORMATS = ['json', 'msgpack', 'packed'] as const
export type Format = (typeof FORMATS)[number]

export type ReaderOptions = {
  readonly key: LoginKey
  readonly format: Format
  /** Where it goes with every attempt to connect. */
  readonly somewhere: () => LocalNode
}

export type SeenEvent = {
  readonly seq: number
  readonly data: Json
  /** The device that came online, if it is that. */
  readonly device: string | null
}

/** A stream that begins after `seq`, when `seen` events had been seen. */
export type StreamBegin = { readonly seen: number; readonly seq: number }

const STREAM = 'rewards.activity'
const stock = new Unpackr({ useRecords: false, int64AsType: 'number' })

/** Our own client, reading along with a user's documents and events, with everything that it is told. */
export function startReader({ key, format, somewhere }: ReaderOptions) {
  const told = { resync: 0, stale: 0, fresh: 0 }
  const events: SeenEvent[] = []
  /**
   * Where its stream began, at first or when it was last told that it begins anew: events seen before are
   * void.
   */
  let stream: StreamBegin | null = null
  let hangUp = () => {}
  const hear = (message: unknown): void => {
    const from = snapshotOfStream(message)
    if (from !== null) stream ??= { seen: events.length, seq: from }
    if (typeof message !== 'object' || message === null || !('type' in message)) return
    const { type } = message
    if (type === 'resync' || type === 'stale' || type === 'fresh') told[type] += 1
    if (type === 'resync' && 'channel' in message && message.channel === STREAM) stream = null
  }
  const open = platformSocket()
  const listening: OpenSocket = (url, handlers) => {
    const link = open(url, {
      ...handlers,
      received(frame) {
        const message: unknown = typeof frame === 'string' ? JSON.parse(frame) : stock.unpack(frame)
        hear(message)
        handlers.received(frame)
      },
    })
    hangUp = () => link.close(3_000, 'goes elsewhere')
    return link
  }
  const client = createClient({
    url: () => `${somewhere().socketUrl}/ws`,
    webSocket: listening,
    format,
    encodeMsgpack: encodeWithMsgpackr,
    clientType: 'tui',
    credentials: {
      type: 'key',
      key: {
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
        sign: (text) => new Uint8Array(sign(null, text, key.privateKey)),
      },
      register: {},
    },
  })
  client.events(STREAM, ({ seq, data }) => {
    const device = isJsonObject(data) && data.kind === 'device_online' ? String(data.device_id) : null
    events.push({ seq, data: data ?? null, device })
  })
  const documents = [client.subscribe('rewards.summary'), client.subscribe('rewards.networks')]
  let user: string | null = null
  client.onUser((known) => {
    if (known !== null) user = known.id
  })
  client.connect()
  return {
    key,
    events,
    /** Null while it does not know yet. */
    stream: (): StreamBegin | null => stream,
    saw: (device: string) => events.some((event) => event.device === device),
    resyncs: () => told.resync,
    stales: () => told.stale,
    freshes: () => told.fresh,
    lastSeq: () => events.at(-1)?.seq ?? 0,
    isLive: () => documents.every(({ status }) => status.type === 'live') && client.state.status === 'live',
    values: () => documents.map(({ value }) => (value === null ? 'nothing' : canonicalJson(value))),
    user: () => user ?? '',
    state: () => client.state,
    /** Ends its connection, as if the network did; it comes back by itself. */
    hangUp: () => hangUp(),
    /** Tries again now, and not when its time has come. */
    retry: () => client.retry(),
    close: () => client.close(),
  }
}

export type Reader = ReturnType<typeof startReader>

/**
 * The position of a snapshot of the stream, in whichever format (rules S-5 and K-1); null for all other
 * messages.
 */
function snapshotOfStream(message: unknown): number | null {
  if (Array.isArray(message)) return message[0] === 0 && message[1] === STREAM ? Number(message[7]) : null
  if (typeof message !== 'object' || message === null) return null
  const isOurs =
    'type' in message && message.type === 'snapshot' && 'channel' in message && message.channel === STREAM
  return isOurs && 'seq' in message ? Number(message.seq) : null
}
