import type { Server, ServerWebSocket, WebSocketHandler } from 'bun'
import type { Logger } from '../core/logger.ts'
import { limitKeyOf } from '../http/address.ts'
import { Session } from '../live/model.ts'
import type { Frame, Publisher, Transport } from '../live/ports.ts'
import type { Engine, OpenOptions } from '../live/types.ts'
import { CLOSE } from '../protocol/close-codes.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { ConnectionLimits } from './connection-limits.ts'

/**
 * What a socket carries: how it came in, until it is open, and from then on its session and nothing else.
 * One field, no wrapper: there are very many of these.
 */
export type SocketState = OpenOptions | Session<LiveSocket> | Gone
export interface LiveSocket extends ServerWebSocket<SocketState> {}

/** The engine's way out, on Bun's sockets. Stateless: one for all. */
export function bunTransport(compression: Compression): Transport<LiveSocket> {
  return {
    send(socket, frame) {
      // What does not fit waits in Bun's buffer; the engine asks `buffered`, and Bun closes above the hard
      // limit.
      if (typeof frame === 'string') socket.sendText(frame, isWorthIt(frame, compression))
      else socket.sendBinary(frame, isWorthIt(frame, compression))
    },
    buffered: (socket) => socket.getBufferedAmount(),
    join: (socket, topic) => void socket.subscribe(topic),
    leave: (socket, topic) => void socket.unsubscribe(topic),
    cork: (socket, work) => void socket.cork(work),
    close: (socket, code, reason) => socket.close(code, reason),
  }
}

/**
 * Native publish. Bun answers -1 when any reader of the topic has bytes waiting; 0 is a topic without
 * readers.
 */
export function bunPublisher(server: Server<SocketState>, compression: Compression): Publisher {
  return {
    // Said every time: by default `publish` compresses for all who negotiated it, once per receiver.
    publish: (topic, frame) =>
      server.publish(topic, frame, isWorthIt(frame, compression)) < 0 ? 'congested' : 'delivered',
  }
}

export type Compression = 'off' | 'on'

/** Deflate makes short frames longer, and most deltas are short. */
function isWorthIt(frame: Frame, compression: Compression): boolean {
  return compression === 'on' && frame.length >= 512
}

export type SocketDeps = {
  /** Asked for at each event: the engine is made after the sockets it talks through. */
  readonly engine: () => Engine<LiveSocket>
  readonly connections: ConnectionLimits
  readonly bufferBytes: number
  readonly compression: Compression
  readonly logger: Logger
}

/** Bun's own socket handlers; Elysia's cost twice the memory an idle socket and 15 closures a message. */
export function createSockets(deps: SocketDeps): WebSocketHandler<SocketState> {
  const { logger } = deps
  return {
    maxPayloadLength: LIMITS.messageBytes,
    // The engine stops feeding a slow reader above `bufferBytes`; this is the hard limit behind it: the
    // socket is closed.
    backpressureLimit: deps.bufferBytes * HARD_LIMIT_FACTOR,
    closeOnBackpressureLimit: true,
    // Pings keep proxies from closing quiet sockets, and find peers that are gone.
    idleTimeout: 60,
    sendPings: true,
    perMessageDeflate: deps.compression === 'on' ? { compress: 'shared', decompress: 'shared' } : false,
    open(socket) {
      const options = socket.data
      if (options instanceof Session || 'gone' in options) return
      const session = deps.engine().open(socket, options)
      // What `open` sent may already have been the end of it.
      if ('gone' in socket.data) deps.engine().closed(session)
      else socket.data = session
      logger.debug('socket open', { session: session.id, address: session.address, format: session.format })
    },
    message(socket, frame) {
      if (socket.data instanceof Session) deps.engine().receive(socket.data, frame)
    },
    ping(socket) {
      if (socket.data instanceof Session) deps.engine().heard(socket.data)
    },
    pong(socket) {
      if (socket.data instanceof Session) deps.engine().heard(socket.data)
    },
    drain(socket) {
      if (socket.data instanceof Session) deps.engine().drained(socket.data)
    },
    close(socket, code, reason) {
      const state = socket.data
      if ('gone' in state) return
      logger.debug('socket closed', { address: state.address, code, reason })
      deps.connections.leave(limitKeyOf(state.address))
      if (state instanceof Session) deps.engine().closed(state)
      else socket.data = GONE
    },
    error(error, socket) {
      logger.error('socket handler failed', { error: error.stack ?? error.message })
      socket.close(CLOSE.internalError.code, CLOSE.internalError.meaning)
    },
  }
}

/** Closed before its session was known. */
type Gone = { readonly gone: true }
const GONE: Gone = { gone: true }

/**
 * Times `bufferBytes`: one snapshot may be several times as long as what may wait, and is still one frame.
 */
const HARD_LIMIT_FACTOR = 8
