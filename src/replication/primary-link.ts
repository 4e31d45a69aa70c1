import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import { createForwardingClient, type ForwardingClient } from '../forwarding/client.ts'
import { LINK_LOST } from '../forwarding/command-router.ts'
import { connectWebSocket } from '../forwarding/web-socket.ts'
import { QUEUE_DEFAULTS } from '../journal/command-queue.ts'
import {
  type ClusterStatus,
  NODE_HEARTBEAT,
  NODE_PATH,
  NODE_PROTOCOL,
  type NodeReport,
  type Primary,
  type Replica,
  readFromPrimary,
} from './node-messages.ts'

export type PrimaryLinkDeps = {
  /** `host:port` of the primary's node port. */
  readonly address: string
  readonly node: string
  readonly cluster: string
  /** How this node is at present. */
  readonly report: () => NodeReport
  /** The primary takes commands from now on. */
  readonly onWelcome: (position: StoragePosition | null) => void
  readonly onStatus: (status: ClusterStatus) => void
  /** This node is to take over. */
  readonly onPromote: () => void
  /** The primary has handed over, to a node that it may name; the link ends. */
  readonly onMoved: (to: string | null) => void
  /** The link ended, or never came up; every command on it was answered with `LINK_LOST`. Called once. */
  readonly onEnd: (reason: string) => void
  readonly every: (period: Millis, run: () => void) => () => void
}

/** A replica's link to the primary. */
export type PrimaryLink = Pick<ForwardingClient<Replica>, 'bus' | 'position'> & { close(): void }

/** More at once than within a host: the way there and back takes longer than a commit. */
const LINK_QUEUE = { ...QUEUE_DEFAULTS, batch: 2_048, window: 4 }

/** Connects to a primary. No command is sent before its welcome. */
export function linkToPrimary(deps: PrimaryLinkDeps): PrimaryLink {
  const client: ForwardingClient<Replica> = createForwardingClient<Replica, Primary>({
    transport: connectWebSocket(`ws://${deps.address}${NODE_PATH}`),
    read: readFromPrimary,
    greeting: { protocol: NODE_PROTOCOL, cluster: deps.cluster, node: deps.node },
    status: deps.report,
    // A primary sweeps what an instance leaves behind that no node reports.
    mustKnow: (known, present) => known.instances.join() !== present.instances.join(),
    onGreeting({ position }) {
      client.report()
      deps.onWelcome(position)
    },
    onStatus: deps.onStatus,
    onPosition() {},
    onNotice(notice) {
      if (notice.type === 'promote') {
        deps.onPromote()
        return
      }
      deps.onMoved(notice.to)
      client.close({ code: 1000, text: 'the primary handed over' })
    },
    onEnd: deps.onEnd,
    lost: LINK_LOST,
    queue: LINK_QUEUE,
    heartbeat: NODE_HEARTBEAT,
    every: deps.every,
  })
  return { ...client, close: () => client.close({ code: 1000, text: 'closed' }) }
}
