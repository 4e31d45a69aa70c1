import type { Server, ServerWebSocket } from 'bun'
import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult, StoragePosition } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { createRemarks } from '../core/remarks.ts'
import type { PrimaryNews } from './node-link.ts'
import {
  NODE_PATH,
  NODE_PROTOCOL,
  NODE_SILENCE,
  type NodeReport,
  readToPrimary,
  type ToPrimary,
  type ToReplica,
} from './node-protocol.ts'

export type DoorParts = {
  /** Null for all addresses of the host. */
  readonly host: string | null
  readonly port: number
  /** What nodes of this cluster have in common; null while it is not known. */
  readonly cluster: () => string | null
  /** Takes the commands of other nodes. */
  readonly bus: CommandBus
  /** Where the copy of the primary is; null before its first commit. */
  readonly position: () => StoragePosition | null
  readonly onReport: (node: string, report: NodeReport) => void
  readonly onApplied: (node: string, position: StoragePosition) => void
  readonly onGone: (node: string) => void
  readonly logger: Logger
}

/** The primary's end of the links. On a replica it is shut: whoever knocks is sent away. */
export type NodeDoor = {
  readonly port: number
  /** This node takes commands. */
  open(): void
  /** It does not any more; everybody is told who does, if that is known. */
  shut(to: string | null): void
  /** To be called with every beat: tells how all are, and gives the silent up. */
  beat(news: PrimaryNews): void
  /** Asks a node to take over; false when it is not there. */
  promote(node: string): boolean
  close(): void
}

type Peer = {
  /** Null until it has said who it is. */
  node: string | null
  heard: Millis
  /** Resolves when every batch of commands so far is answered. */
  answered: Promise<void>
}
type PeerSocket = ServerWebSocket<Peer>

/** A batch of commands; each is at most a socket message of 64 KiB. */
const MOST_BYTES = 256 * 1024 * 1024

/** Listens at the node port. Throws what Bun throws when the address is taken or not ours. */
export function openNodeDoor(parts: DoorParts): NodeDoor {
  const { logger } = parts
  const peers = new Map<string, PeerSocket>()
  const refusals = createRemarks()
  /** Who was asked to take over: it leaves because it does. */
  let successor: string | null = null
  let isOpen = false
  const post = (socket: PeerSocket, message: ToReplica) => void socket.send(JSON.stringify(message))

  const welcome = (socket: PeerSocket, hello: Extract<ToPrimary, { type: 'hello' }>): void => {
    const { node } = hello
    const refuse = (reason: string) => {
      // It tries again at once, and again.
      if (refusals.isNew(`${node} ${reason}`)) logger.error('node refused', { node, reason })
      socket.close(1008, reason)
    }
    if (!isOpen || socket.data.node !== null) {
      socket.close(1008, isOpen ? 'a node says once who it is' : 'this node is not the primary')
      return
    }
    if (hello.cluster !== parts.cluster()) {
      refuse('it is of another cluster')
      return
    }
    if (hello.protocol !== NODE_PROTOCOL) {
      refuse(`it speaks version ${hello.protocol} of the protocol of nodes, this one ${NODE_PROTOCOL}`)
      return
    }
    socket.data.node = node
    const last = peers.get(node)
    peers.set(node, socket)
    // It comes back before its old connection was seen to end, and is not gone.
    last?.close(1000, 'replaced')
    logger.info('node linked', { node, links: peers.size })
    post(socket, { type: 'welcome', position: parts.position() })
  }

  const receive = (socket: PeerSocket, message: ToPrimary): void => {
    const { node } = socket.data
    if (message.type === 'hello') {
      welcome(socket, message)
      return
    }
    if (node === null) {
      socket.close(1008, 'a node says first who it is')
      return
    }
    switch (message.type) {
      case 'commands': {
        const results = Promise.all(
          message.commands.map((command) =>
            parts.bus.submit(command).catch((error: unknown) => defect(error)),
          ),
        )
        // Batches are answered in the order in which they came, whatever became of each.
        socket.data.answered = Promise.all([results, socket.data.answered]).then(([answers]) =>
          post(socket, { type: 'answers', results: answers }),
        )
        break
      }
      case 'report':
        parts.onReport(node, message.report)
        break
      case 'applied':
        parts.onApplied(node, message.position)
        break
      default:
        message satisfies never
    }
  }

  const defect = (error: unknown): CommandResult => {
    logger.error('command failed', { error: String(error) })
    return { ok: false, error: appError('InternalError', 'This change failed inside the server.') }
  }

  const upgrade = (request: Request, server: Server<Peer>): Response | undefined => {
    if (new URL(request.url).pathname !== NODE_PATH) return refusal(404, `nodes connect at ${NODE_PATH}`)
    if (!isOpen) return refusal(503, 'this node is not the primary')
    const data: Peer = { node: null, heard: performance.now(), answered: Promise.resolve() }
    return server.upgrade(request, { data }) ? undefined : refusal(426, 'nodes connect by WebSocket')
  }

  const server = Bun.serve<Peer>({
    // Of all addresses, also those of IPv6, which is what Fly's private network is.
    hostname: parts.host ?? '::',
    port: parts.port,
    reusePort: false,
    fetch: upgrade,
    websocket: {
      maxPayloadLength: MOST_BYTES,
      backpressureLimit: MOST_BYTES,
      closeOnBackpressureLimit: true,
      // Who hangs is found by the beats; this is for who never says who it is.
      idleTimeout: 10,
      message(socket, text) {
        socket.data.heard = performance.now()
        const message = typeof text === 'string' ? readToPrimary(text) : null
        if (message === null) socket.close(1002, 'this version does not know that message')
        else receive(socket, message)
      },
      close(socket, code, why) {
        const { node, heard } = socket.data
        if (node === null || peers.get(node) !== socket) return
        peers.delete(node)
        const reason =
          performance.now() - heard > NODE_SILENCE ? 'it is silent' : why || `closed with ${code}`
        // A door that was shut has sent everybody away.
        logger[isOpen && node !== successor ? 'warn' : 'debug']('node gone', {
          node,
          reason,
          links: peers.size,
        })
        parts.onGone(node)
      },
    },
  })

  return {
    port: server.port ?? parts.port,
    open() {
      isOpen = true
      successor = null
    },
    shut(to) {
      isOpen = false
      for (const socket of peers.values()) {
        post(socket, { type: 'moved', to })
        socket.close(1000, 'moved')
      }
    },
    beat(news) {
      const now = performance.now()
      for (const socket of peers.values()) {
        if (now - socket.data.heard > NODE_SILENCE) socket.terminate()
        else post(socket, { type: 'nodes', ...news, nodes: [...news.nodes] })
      }
    },
    promote(node) {
      const socket = peers.get(node)
      if (socket === undefined) return false
      post(socket, { type: 'promote' })
      successor = node
      return true
    },
    close: () => void server.stop(true),
  }
}

function refusal(status: number, reason: string): Response {
  return new Response(`${reason}\n`, { status })
}
