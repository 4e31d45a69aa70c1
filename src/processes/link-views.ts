import type { Millis } from '../core/clock.ts'
import type { HostState, ProcessStatus } from './process-protocol.ts'
import type { ServingLink } from './serving-link.ts'

/** The supervisor's writer as the rest of a serving process sees it: of the same shape as a writer of its own. */
export function writerBehind(link: ServingLink) {
  return {
    bus: link.bus,
    state: (): HostState['writer']['state'] => link.state().writer.state,
    restarts: () => link.state().writer.restarts,
    position: () => link.state().position,
    close: link.drain,
  }
}

/** A process, and whether it is the one that says so. */
export type ProcessView = ProcessStatus & { readonly answers: boolean }

/** All processes as the supervisor last said, this one as it is now. */
export function processesBy(
  { state, welcome }: ServingLink,
  own: { readonly connections: number; readonly seq: number },
): readonly ProcessView[] {
  return state().processes.map((each) =>
    each.process === welcome.process ? { ...each, ...own, answers: true } : { ...each, answers: false },
  )
}

/** The host as a node of a cluster, in the words of `/health`; undefined where it is none. */
export function clusterBy({ state }: Pick<ServingLink, 'state'>, now: Millis) {
  const { node } = state()
  if (node === null) return undefined
  return {
    node: node.node,
    role: node.role,
    primary: node.primary,
    lease_age_ms: node.leaseAge === null ? null : Math.round(node.leaseAge),
    storage: node.storage,
    stale_since: node.staleFor === null ? null : Math.round(now - node.staleFor),
    nodes: node.nodes.map(({ position, lag, seen, runs, ...each }) => ({
      ...each,
      txid: position?.txid ?? null,
      lag_ms: lag,
      seen_ms: seen,
      answers: each.node === node.node,
    })),
  }
}
