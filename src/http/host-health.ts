import type { Millis } from '../core/clock.ts'
import type { HostStatus, ProcessStatus } from '../processes/host-status.ts'
import type { NodeStatus } from '../replication/node-messages.ts'
import type { NodeView } from '../replication/node-view.ts'

/** One serving process of several. `answers`: it is the one that gives this answer. */
export type ProcessHealth = ProcessStatus & { readonly answers: boolean }

/** The cluster, as the node that answers knows it. */
export type ClusterHealth = Pick<NodeView, 'node' | 'role' | 'primary' | 'storage'> & {
  /**
   * How long ago it was last proven that the primary has the lease; null when no node is known to have it.
   */
  readonly lease_age_ms: Millis | null
  /** Since when readers see old data; null while it is new. */
  readonly stale_since: Millis | null
  readonly nodes: readonly NodeHealth[]
}

export type NodeHealth = Omit<NodeStatus, 'position' | 'lag' | 'seen' | 'instances'> & {
  /** The newest transaction that its copy has, as LiteFS counts; null before there is one. */
  readonly txid: string | null
  /** How long its copy has been behind the primary's. */
  readonly lag_ms: Millis
  /** How long ago it said so. */
  readonly seen_ms: Millis
  /** It is the one that gives this answer. */
  readonly answers: boolean
}

/** Returns all processes as the supervisor last said, and process `own` as it is now. */
export function processesHealth(
  host: HostStatus,
  own: Pick<ProcessStatus, 'process' | 'connections' | 'seq'>,
): readonly ProcessHealth[] {
  return host.processes.map((each) =>
    each.process === own.process ? { ...each, ...own, answers: true } : { ...each, answers: false },
  )
}

/** Returns the cluster of which the host is a node; undefined where it is none. */
export function clusterHealth({ node }: Pick<HostStatus, 'node'>, now: Millis): ClusterHealth | undefined {
  if (node === null) return undefined
  return {
    node: node.node,
    role: node.role,
    primary: node.primary,
    lease_age_ms: node.leaseAge === null ? null : Math.round(node.leaseAge),
    storage: node.storage,
    stale_since: node.staleFor === null ? null : Math.round(now - node.staleFor),
    nodes: node.nodes.map(({ position, lag, seen, instances, ...each }) => ({
      ...each,
      txid: position?.txid ?? null,
      lag_ms: lag,
      seen_ms: seen,
      answers: each.node === node.node,
    })),
  }
}
