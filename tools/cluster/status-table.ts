import type { ClusterView } from './node-health.ts'

/** A node as somebody looks at it from outside. */
export type NodeLook = {
  readonly address: string
  readonly region: string
  readonly candidate: boolean
  readonly isAlive: boolean
  readonly isLitefsFrozen: boolean
  /** Null when it does not answer. */
  readonly view: ClusterView | null
}

/** The table of `status`, and a line about the lease. */
export function statusTable(nodes: readonly NodeLook[]): string {
  const rows = [['node', 'region', 'role', 'txid', 'lag', 'clients', ''], ...nodes.map(row)]
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? []
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, '', leaseLine(nodes)].join('\n')
}

function row(node: NodeLook): readonly string[] {
  const { address, region, view } = node
  const own = view?.nodes.find(({ answers }) => answers)
  return [
    address,
    region,
    view?.role ?? '-',
    own?.txid == null ? '-' : own.txid.replace(/^0+(?=.)/, ''),
    own === undefined ? '-' : `${Math.round(own.lag_ms)} ms`,
    own === undefined ? '-' : String(own.connections),
    remarks(node).join(', '),
  ]
}

function remarks({ candidate, isAlive, isLitefsFrozen, view }: NodeLook): readonly string[] {
  return [
    isAlive ? null : 'its server is dead',
    isAlive && view === null ? 'does not answer' : null,
    isLitefsFrozen ? 'its LiteFS is frozen' : null,
    view?.storage === 'detached' ? 'without its LiteFS' : null,
    view !== null && view.stale_since !== null ? 'stale' : null,
    candidate ? null : 'may not lead',
  ].filter((remark) => remark !== null)
}

function leaseLine(nodes: readonly NodeLook[]): string {
  const leading = nodes.filter(({ view }) => view?.role === 'primary')
  const [only] = leading
  if (only === undefined) return 'nobody leads at the moment'
  // For a moment that may be: only one of them can prove its lease, and so write.
  if (leading.length > 1)
    return `${leading.map(({ region }) => region).join(' and ')} both take themselves for the primary`
  const age = only.view?.lease_age_ms ?? null
  return age === null
    ? `${only.region} leads`
    : `${only.region} leads; its lease was proven ${Math.round(age)} ms ago`
}
