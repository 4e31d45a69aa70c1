import { isJsonObject, type Json, type JsonObject, ownValue } from '../../core/json.ts'
import { formatRtt, formatSpan } from '../format.ts'
import { numberIn, numberOrNullIn, textIn } from './fields.ts'

/** The cluster, as the node that answered knew it. */
export type ClusterView = {
  /** Who leads; null while nobody is known to. */
  readonly primary: string | null
  /** How long ago the lease was last proven, ms; null when nobody is known to have it. */
  readonly leaseAge: number | null
  /** The node that answered follows nobody and does not lead. */
  readonly isAlone: boolean
  readonly isDetached: boolean
  /** Since when it knows that what it shows is old, by its own clock; null while it is not. */
  readonly staleSince: number | null
  readonly nodes: readonly NodeView[]
}

export type NodeView = {
  readonly name: string
  /** As much of the name as tells it from the others. */
  readonly label: string
  readonly region: string
  readonly isPrimary: boolean
  /** Whether it may become the primary. */
  readonly isCandidate: boolean
  /** Transactions that its copy has; null before the first. */
  readonly position: number | null
  /** How long its copy has been behind the primary's, ms. */
  readonly lag: number
  readonly connections: number
  /** It is the one that answered. */
  readonly answers: boolean
  /** How long ago it was heard of, ms. */
  readonly seen: number
}

/** What a node or the cluster is like, in words. */
export type Condition = { readonly tone: 'good' | 'quiet' | 'warn' | 'bad'; readonly text: string }

/** The cluster in an answer of `/health`; null when the server is no node of one. */
export function readCluster(health: Json): ClusterView | null {
  const cluster = isJsonObject(health) ? ownValue(health, 'cluster') : undefined
  if (!isJsonObject(cluster)) return null
  const primary = textIn(cluster, 'primary') || null
  const listed = ownValue(cluster, 'nodes')
  const nodes = Array.isArray(listed) ? listed.filter(isJsonObject) : []
  const labels = labelsOf(nodes.map((node) => textIn(node, 'node')))
  return {
    primary,
    leaseAge: numberOrNullIn(cluster, 'lease_age_ms'),
    isAlone: textIn(cluster, 'role') === 'none',
    isDetached: textIn(cluster, 'storage') === 'detached',
    staleSince: numberOrNullIn(cluster, 'stale_since'),
    nodes: nodes.map((node) => readNode(node, primary, labels)),
  }
}

/** Who leads, or why nobody does and what that means for those who look: one sentence. */
export function describeCluster(cluster: ClusterView): Condition {
  const leader = cluster.nodes.find(({ isPrimary }) => isPrimary)
  if (cluster.isDetached)
    return {
      tone: 'bad',
      text: 'This node’s database is away. It comes back by itself; numbers stand still.',
    }
  if (cluster.primary === null)
    return { tone: 'bad', text: 'No node leads. Changes wait for one that does, and are refused after 5 s.' }
  const name = leader?.label ?? cluster.primary
  if (cluster.isAlone) return { tone: 'warn', text: `${name} leads, but this node has no link to it.` }
  if (cluster.staleSince !== null)
    return { tone: 'warn', text: `${name} leads, but this node has not caught up with it.` }
  if (cluster.nodes.length === 1)
    return { tone: 'quiet', text: `${name} leads, alone: no second node has what it stores.` }
  return { tone: 'good', text: `${name} leads.` }
}

/** What one node does, and whether it does it well. `cluster`: of the same answer. */
export function describeNode(node: NodeView, cluster: ClusterView): Condition {
  if (node.answers && cluster.isDetached) return { tone: 'bad', text: 'Detached' }
  if (node.seen > SILENT) return { tone: 'warn', text: 'Silent' }
  if (node.isPrimary) return { tone: 'good', text: 'Primary' }
  if (node.answers && cluster.isAlone) return { tone: 'warn', text: 'No primary' }
  if (node.lag > BEHIND) return { tone: 'warn', text: 'Stale' }
  return { tone: 'quiet', text: 'Replica' }
}

/** How far the node's copy is behind, in words. Of a primary, or of who says nothing, there is none. */
export function describeLag({ isPrimary, lag, seen }: NodeView): string {
  if (isPrimary || seen > SILENT) return '—'
  if (lag <= 0) return 'none'
  return lag < 1_000 ? formatRtt(lag) : formatSpan(lag)
}

/** Nodes say how they are twice a second. */
const SILENT = 3_000
/** From when on a node tells its own readers that they see old data. */
const BEHIND = 2_500

function readNode(fields: JsonObject, primary: string | null, labels: ReadonlyMap<string, string>): NodeView {
  const name = textIn(fields, 'node')
  const txid = textIn(fields, 'txid')
  return {
    name,
    label: labels.get(name) ?? name,
    region: textIn(fields, 'region'),
    // Not what was last heard of the node itself: it may have been the primary and be gone.
    isPrimary: name !== '' && name === primary,
    isCandidate: ownValue(fields, 'candidate') === true,
    position: /^[0-9a-f]{1,16}$/.test(txid) ? Number.parseInt(txid, 16) : null,
    lag: numberIn(fields, 'lag_ms'),
    connections: numberIn(fields, 'connections'),
    answers: ownValue(fields, 'answers') === true,
    seen: numberIn(fields, 'seen_ms'),
  }
}

/** The first part of each host name, where those are different; addresses stay whole. */
function labelsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const short = names.map((name) => (/^[\d.]+$|:/.test(name) ? name : (name.split('.', 1)[0] ?? name)))
  const isClear = new Set(short).size === new Set(names).size
  return new Map(names.map((name, index) => [name, isClear ? (short[index] ?? name) : name]))
}
