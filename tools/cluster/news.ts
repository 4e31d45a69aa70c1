import type { ClusterView } from './node-health.ts'

/** What was last seen of a node: its view, or null when it does not answer. */
export type Seen = { readonly address: string; readonly region: string; readonly view: ClusterView | null }

/** Lines for what is different with the nodes themselves: whose LiteFS went or came back, who is stale. */
export function newsBetween(before: readonly Seen[], after: readonly Seen[]): readonly string[] {
  return after.flatMap((node) => nodeNews(before, node))
}

/** Tells who leads, each time it is asked with what is seen now: a line when that is news, else null. */
export function leaderNews(first: readonly Seen[]): (now: readonly Seen[]) => string | null {
  let told = leaderOf(first)?.address ?? null
  let without = 0
  return (now) => {
    const leader = leaderOf(now)
    without = leader === null ? without + 1 : 0
    // A hand-over takes less than two looks, and is over before anybody could care.
    if (without === 1 || (leader?.address ?? null) === told) return null
    told = leader?.address ?? null
    if (leader === null) return 'no primary: writes wait or are refused, readers keep what they have'
    return `${named(leader)} is the primary now`
  }
}

/** The node that says that it leads; null when none or more than one does. */
export function leaderOf(nodes: readonly Seen[]): Seen | null {
  const [leader, other] = nodes.filter(({ view }) => view?.role === 'primary')
  return leader === undefined || other !== undefined ? null : leader
}

function nodeNews(before: readonly Seen[], { address, view, ...node }: Seen): readonly string[] {
  const old = before.find((each) => each.address === address)?.view ?? null
  // Its end and its start are told by whoever started it.
  if (view === null || old === null) return []
  const name = named({ address, ...node })
  const lines: string[] = []
  if (view.storage !== old.storage) {
    lines.push(
      view.storage === 'detached'
        ? `${name} is without its LiteFS; its clients stay`
        : `${name} has its LiteFS back`,
    )
  }
  if ((view.stale_since === null) !== (old.stale_since === null)) {
    lines.push(
      view.stale_since === null
        ? `${name} is up to date again`
        : `${name} is stale, and has told its clients`,
    )
  }
  return lines
}

/** `here-1 (127.0.0.11)` */
export function named({ region, address }: { readonly region: string; readonly address: string }): string {
  return `${region} (${address})`
}
