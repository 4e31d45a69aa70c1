import type { Seen } from '../../tools/cluster/news.ts'
import type { ClusterView } from '../../tools/cluster/node-health.ts'

/** Nodes by address, as seen in these parts; null: it does not answer. */
export function looks(roles: { readonly [address: string]: ClusterView['role'] | null }): readonly Seen[] {
  return Object.entries(roles).map(([address, role]) => ({
    address,
    region: `r-${address.split('.').at(-1)}`,
    view: role === null ? null : viewOf(address, role),
  }))
}

/** What a healthy node says. */
export function viewOf(node: string, role: ClusterView['role']): ClusterView {
  return {
    node,
    role,
    primary: null,
    lease_age_ms: 120.4,
    storage: 'attached',
    stale_since: null,
    nodes: [
      { node: 'other', txid: '00000000000000ff', lag_ms: 9, connections: 9, answers: false },
      { node, txid: '000000000000001a', lag_ms: 12.3, connections: 3, answers: true },
    ],
  }
}
