import type { CommandBus, StoragePosition } from '../core/command.ts'
import { createLogDeduplication } from '../core/log-deduplication.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok } from '../core/result.ts'
import type { LinkEnd } from '../forwarding/link-end.ts'
import { type Accepted, serveClient } from '../forwarding/server.ts'
import type { Transport } from '../forwarding/transport.ts'
import { serveWebSockets } from '../forwarding/web-socket.ts'
import {
  type ClusterStatus,
  NODE_HEARTBEAT,
  NODE_PATH,
  NODE_PROTOCOL,
  type NodeReport,
  type Primary,
  type Replica,
  readFromReplica,
} from './node-messages.ts'

export type PrimaryServerDeps = {
  /** Null for all addresses of the host. */
  readonly host: string | null
  readonly port: number
  /** The id that nodes of this cluster have in common; null while it is not known. */
  readonly cluster: () => string | null
  /** Takes the commands of other nodes. */
  readonly bus: CommandBus
  /** Where the copy of the primary is; null before its first commit. */
  readonly position: () => StoragePosition | null
  readonly onReport: (node: string, report: NodeReport) => void
  readonly onPosition: (node: string, position: StoragePosition) => void
  /** A node's connection ended, and it has no newer one. */
  readonly onGone: (node: string) => void
  readonly logger: Logger
}

/**
 * Serves the replicas of the cluster while this node is the primary; otherwise it refuses every connection.
 */
export type PrimaryServer = {
  readonly port: number
  /** This node takes commands from now on. */
  startAccepting(): void
  /** It does not any more; all replicas hear which node does, if that is known, and are closed. */
  stopAccepting(successor: string | null): void
  /** To be called at each heartbeat: sends the status to all replicas, and cuts off the silent ones. */
  beat(status: ClusterStatus): void
  /** Asks a node to take over. Returns false when it is not connected. */
  promote(node: string): boolean
  close(): void
}

/**
 * Listens at the node port. Throws what Bun throws when the address is taken or is none of this machine's.
 */
export function createPrimaryServer(deps: PrimaryServerDeps): PrimaryServer {
  const { logger } = deps
  const replicas = new Map<string, LinkEnd<Primary>>()
  const refusals = createLogDeduplication()
  /** The node that was asked to take over: that its connection ends is no logged. */
  let successor: string | null = null
  let isAccepting = false

  function refusalOf({ node, cluster, protocol }: Replica['greeting']): string | null {
    if (!isAccepting) return NOT_PRIMARY
    const reason = cluster !== deps.cluster() ? 'it is of another cluster' : versionRefusal(protocol)
    // A refused node tries again at once, and again.
    if (reason !== null && refusals.isNew(`${node} ${reason}`)) logger.error('node refused', { node, reason })
    return reason
  }

  /** Puts a node's connection in the place of an earlier one, which was not yet seen to end. */
  function welcome(node: string, replica: LinkEnd<Primary>): Accepted<Primary, Replica> {
    const last = replicas.get(node)
    replicas.set(node, replica)
    last?.close({ code: 1000, text: 'replaced' })
    logger.info('node linked', { node, links: replicas.size })
    return {
      greeting: { position: deps.position() },
      onStatus: (report) => deps.onReport(node, report),
      onPosition: (position) => deps.onPosition(node, position),
      onNotice() {},
      onEnd(reason) {
        if (replicas.get(node) !== replica) return
        replicas.delete(node)
        // Replicas that were sent away, and the node that takes over, leave because they were asked to.
        const level = isAccepting && node !== successor ? 'warn' : 'debug'
        logger[level]('node gone', { node, reason, links: replicas.size })
        deps.onGone(node)
      },
    }
  }

  function onConnect(transport: Transport): void {
    const replica: LinkEnd<Primary> = serveClient<Primary, Replica>({
      transport,
      read: readFromReplica,
      bus: deps.bus,
      accept(greeting) {
        const refusal = refusalOf(greeting)
        return refusal === null ? ok(welcome(greeting.node, replica)) : fail(refusal)
      },
      heartbeat: NODE_HEARTBEAT,
      logger,
    })
  }

  const server = serveWebSockets({
    host: deps.host,
    port: deps.port,
    path: NODE_PATH,
    refusal: () => (isAccepting ? null : NOT_PRIMARY),
    onConnect,
  })

  return {
    port: server.port,
    startAccepting() {
      isAccepting = true
      successor = null
    },
    stopAccepting(to) {
      isAccepting = false
      for (const replica of [...replicas.values()]) {
        replica.notice({ type: 'moved', to })
        replica.close({ code: 1000, text: 'moved' })
      }
    },
    beat(status) {
      for (const replica of [...replicas.values()]) if (replica.beat()) replica.status(status)
    },
    promote(node) {
      const replica = replicas.get(node)
      if (replica === undefined) return false
      replica.notice({ type: 'promote' })
      successor = node
      return true
    },
    close: server.close,
  }
}

const NOT_PRIMARY = 'this node is not the primary'

function versionRefusal(protocol: number): string | null {
  if (protocol === NODE_PROTOCOL) return null
  return `it speaks version ${protocol} of the protocol of nodes, this one ${NODE_PROTOCOL}`
}
