import type { Server, ServerWebSocket } from 'bun'
import type { CloseReason, Transport } from './transport.ts'

/** Bytes of one text: a batch of commands, each of which came as a socket message of at most 64 KiB. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024
/**
 * After which a connection is closed on which nothing at all arrives, s. Heartbeats find the others sooner.
 */
const IDLE_TIMEOUT_SECONDS = 10

/** Connects to a WebSocket. What is sent before the connection is open leaves when it is. */
export function connectWebSocket(url: string): Transport {
  const socket = new WebSocket(url)
  const ends = createEnds()
  let unsent: string[] = []
  let isOpen = false
  socket.onopen = () => {
    isOpen = true
    for (const text of unsent) socket.send(text)
    unsent = []
  }
  socket.onmessage = ({ data }) => ends.text(data)
  socket.onclose = ({ code, reason }) => ends.end(reason === '' ? `closed with ${code}` : reason)
  socket.onerror = () => ends.end('it cannot be reached')
  return {
    ...ends.handlers,
    send(text) {
      if (isOpen) socket.send(text)
      else unsent.push(text)
    },
    // The codes that are left to a client are none of these.
    close: () => socket.close(),
    abort: () => socket.close(),
  }
}

export type WebSocketServerOptions = {
  /** Null for all addresses of the host, those of IPv6 too. */
  readonly host: string | null
  readonly port: number
  readonly path: string
  /** Why no connection is accepted at present, as the text of an answer; null while they are. */
  readonly refusal: () => string | null
  readonly onConnect: (transport: Transport) => void
}

/** A port at which WebSockets are accepted. */
export type WebSocketServer = {
  readonly port: number
  /** Ends it, and every connection with it. */
  close(): void
}

/** Listens at a port. Throws what Bun throws when the address is taken or is none of this machine's. */
export function serveWebSockets(options: WebSocketServerOptions): WebSocketServer {
  const upgrade = (request: Request, bun: Server<Ends>): Response | undefined => {
    if (new URL(request.url).pathname !== options.path) return answer(404, `connect at ${options.path}`)
    const refusal = options.refusal()
    if (refusal !== null) return answer(503, refusal)
    return bun.upgrade(request, { data: createEnds() }) ? undefined : answer(426, 'connect by WebSocket')
  }
  const bun = Bun.serve<Ends>({
    // Fly's private network is IPv6.
    hostname: options.host ?? '::',
    port: options.port,
    reusePort: false,
    fetch: upgrade,
    websocket: {
      maxPayloadLength: MAX_TEXT_BYTES,
      backpressureLimit: MAX_TEXT_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: IDLE_TIMEOUT_SECONDS,
      open: (socket) => options.onConnect(transportOf(socket)),
      message: (socket, text) => socket.data.text(text),
      close: (socket, code, reason) => socket.data.end(reason || `closed with ${code}`),
    },
  })
  return { port: bun.port ?? options.port, close: () => void bun.stop(true) }
}

function transportOf(socket: ServerWebSocket<Ends>): Transport {
  return {
    ...socket.data.handlers,
    send: (text) => void socket.send(text),
    close: ({ code, text }: CloseReason) => socket.close(code, text),
    abort: () => socket.terminate(),
  }
}

type Ends = ReturnType<typeof createEnds>

/** Keeps what is to be called with the texts of one connection, and once with its end. */
function createEnds() {
  let receive = (_text: string): void => {}
  let ended: ((reason: string) => void) | null = null
  return {
    handlers: {
      onText(next: (text: string) => void) {
        receive = next
      },
      onEnd(next: (reason: string) => void) {
        ended = next
      },
    },
    /** Bytes are no text of this protocol, and read as none. */
    text: (data: unknown) => receive(typeof data === 'string' ? data : ''),
    end(reason: string) {
      ended?.(reason)
      ended = null
    },
  }
}

function answer(status: number, text: string): Response {
  return new Response(`${text}\n`, { status })
}
