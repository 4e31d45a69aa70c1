import { isJsonObject, type Json, type JsonObject, ownValue } from '../../core/json.ts'
import { formatRtt, formatSpan } from '../format.ts'
import { numberIn, numberOrNullIn, textIn } from './fields.ts'

/** The cluster, as the node that serves this page knows it. */
export type ClusterView = {
  /** The name of the primary; null while none is known. */
  readonly primary: string | null
  /** How long ago the lease was last proven, in ms; null when no node is known to have it. */
  readonly leaseAge: number | null
  /** The node that answered has no link to a primary, and is none itself. */
  readonly isAlone: boolean
  readonly isDetached: boolean
  /** Since when its data is old, by its own clock, in ms; null while it is not. */
  readonly staleSince: number | null
  readonly nodes: readonly NodeView[]
}

export type NodeView = {
  readonly name: string
  /** The part of the name that distinguishes it from the others. */
  readonly label: string
  readonly region: string
  readonly isPrimary: boolean
  /** Whether it may become the primary. */
  readonly isCandidate: boolean
  /** Number of transactions in its copy; null before the first. */
  readonly position: number | null
  /** How long its copy has been behind the primary's, in ms. */
  readonly lag: number
  readonly connections: number
  /** Whether it is the node that answered. */
  readonly answers: boolean
  /** How long ago it was heard of, in ms. */
  readonly seen: number
}

/** The state of a node or of the cluster, in words. */
export type Condition = { readonly tone: 'good' | 'quiet' | 'warn' | 'bad'; readonly text: string }

/** Returns the cluster in an answer of `/health`; null when the server is no node of one. */
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

/** Returns in a sentence which node leads, or what is wrong and what that means for the reader. */
export function describeCluster(cluster: ClusterView): Condition {
  const leader = cluster.nodes.find(({ isPrimary }) => isPrimary)
  if (cluster.isDetached)
    return {
      tone: 'bad',
      text: 'The database of this node is away. Numbers do not change until it is back, by itself.',
    }
  if (cluster.primary === null)
    return { tone: 'bad', text: 'No node leads. Changes wait for a new leader, and are refused after 5 s.' }
  const name = leader?.label ?? cluster.primary
  if (cluster.isAlone) return { tone: 'warn', text: `${name} leads, but this node is not connected to it.` }
  if (cluster.staleSince !== null)
    return { tone: 'warn', text: `${name} leads, but this node has not caught up with it.` }
  if (cluster.nodes.length === 1)
    return { tone: 'quiet', text: `${name} leads, alone: no second node has a copy of its data.` }
  return { tone: 'good', text: `${name} leads.` }
}

/** Returns what one node does, and whether it does it well. `cluster`: of the same answer. */
export function describeNode(node: NodeView, cluster: ClusterView): Condition {
  if (node.answers && cluster.isDetached) return { tone: 'bad', text: 'Detached' }
  if (node.seen > REPORT_TIMEOUT) return { tone: 'warn', text: 'Silent' }
  if (node.isPrimary) return { tone: 'good', text: 'Primary' }
  if (node.answers && cluster.isAlone) return { tone: 'warn', text: 'No primary' }
  if (node.lag > STALE_TIMEOUT) return { tone: 'warn', text: 'Stale' }
  return { tone: 'quiet', text: 'Replica' }
}

/** Returns how far the copy of a node is behind, in words; a dash for a primary or a silent node. */
export function describeLag({ isPrimary, lag, seen }: NodeView): string {
  if (isPrimary || seen > REPORT_TIMEOUT) return '—'
  if (lag <= 0) return 'none'
  return lag < 1_000 ? formatRtt(lag) : formatSpan(lag)
}

/** Nodes tell their state twice a second; in ms. */
const REPORT_TIMEOUT = 3_000
/** From this lag on a node tells its own readers that their data is old; in ms. */
const STALE_TIMEOUT = 2_500

function readNode(fields: JsonObject, primary: string | null, labels: ReadonlyMap<string, string>): NodeView {
  const name = textIn(fields, 'node')
  const txid = textIn(fields, 'txid')
  return {
    name,
    label: labels.get(name) ?? name,
    region: textIn(fields, 'region'),
    // Not what the node last said of itself: it may have been the primary, and be gone.
    isPrimary: name !== '' && name === primary,
    isCandidate: ownValue(fields, 'candidate') === true,
    position: /^[0-9a-f]{1,16}$/.test(txid) ? Number.parseInt(txid, 16) : null,
    lag: numberIn(fields, 'lag_ms'),
    connections: numberIn(fields, 'connections'),
    answers: ownValue(fields, 'answers') === true,
    seen: numberIn(fields, 'seen_ms'),
  }
}

/** Returns by name the first part of each host name, where those differ; addresses stay whole. */
function labelsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const short = names.map((name) => (/^[\d.]+$|:/.test(name) ? name : (name.split('.', 1)[0] ?? name)))
  const isClear = new Set(short).size === new Set(names).size
  return new Map(names.map((name, index) => [name, isClear ? (short[index] ?? name) : name]))
}
