import { useComputed } from '@preact/signals'
import { formatAge, formatAgo, formatCount, formatTime } from '../format.ts'
import {
  type ClusterView,
  describeCluster,
  describeLag,
  describeNode,
  type NodeView,
} from '../state/cluster.ts'
import { Panel } from './panel.tsx'
import { useShell } from './shell-context.ts'

/** The nodes of the cluster that serves this page; nothing where the server is no node of one. */
export function NodesPanel() {
  const { cluster } = useShell()
  const view = cluster.view.value
  if (view === null) return null
  return (
    <Panel title="Nodes" class="nodes" aside={<Lease view={view} />}>
      <Leader view={view} />
      {view.nodes.length === 0 ? (
        <p class="empty">No node has been heard of yet.</p>
      ) : (
        <table class="records">
          <caption class="unseen">Nodes of the cluster, as the node that serves this page knows them</caption>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Region</th>
              <th scope="col">Role</th>
              <th scope="col" class="right">
                Position
              </th>
              <th scope="col" class="right">
                Lag
              </th>
              <th scope="col" class="right">
                Connections
              </th>
              <th scope="col" class="right">
                Last heard
              </th>
            </tr>
          </thead>
          <tbody>
            {view.nodes.map((node) => (
              <NodeRow key={node.name} node={node} view={view} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

/** Announced to screen readers when it changes: it has no number that ticks. */
function Leader({ view }: { readonly view: ClusterView }) {
  const { tone, text } = describeCluster(view)
  return (
    <p class="nodes-leader" role="status">
      <span class={`dot dot-${tone}`} aria-hidden="true" />
      {text}
    </p>
  )
}

function Lease({ view }: { readonly view: ClusterView }) {
  const { cluster, link } = useShell()
  const isHeard = useComputed(() => cluster.isAnswered.value && link.isLive.value)
  if (!isHeard.value) return <span class="quiet">as last heard</span>
  return (
    <span class="quiet">
      {view.staleSince === null ? null : `stale since ${formatTime(view.staleSince)} · `}
      {view.leaseAge === null ? 'no lease known' : `lease proven ${formatAgo(view.leaseAge)}`}
    </span>
  )
}

function NodeRow({ node, view }: { readonly node: NodeView; readonly view: ClusterView }) {
  const { tone, text } = describeNode(node, view)
  return (
    <tr class="record" data-node={node.name} data-role={node.isPrimary ? 'primary' : 'replica'}>
      <th scope="row" class="record-name">
        <span title={node.name}>{node.label}</span>
        {node.answers ? <span class="tag tag-good">serves this page</span> : null}
      </th>
      <td data-label="Region">{node.region === '' ? '—' : node.region}</td>
      <td data-label="Role">
        <span class={`status status-${tone}`}>{text}</span>
        <span class="feed-sub">{node.isCandidate ? 'may lead' : 'never leads'}</span>
      </td>
      <td data-label="Position" class="right">
        {node.position === null ? '—' : formatCount(node.position)}
      </td>
      <td data-label="Lag" class="right">
        {describeLag(node)}
      </td>
      <td data-label="Connections" class="right">
        {formatCount(node.connections)}
      </td>
      <td data-label="Last heard" class="right">
        {node.answers ? '—' : formatAge(node.seen)}
      </td>
    </tr>
  )
}
