import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { PrimaryNews } from '../forwarding/node-link.ts'
import type { NodeReport, NodeStatus } from '../forwarding/node-protocol.ts'
import type { Positions } from './positions.ts'

export type MembersParts = {
  readonly name: string
  readonly report: () => NodeReport
  /** Of this node's own copy. */
  readonly positions: Positions
  /** Monotonic time, ms. */
  readonly now: () => Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

/** The nodes of the cluster, as this one knows them: the primary from what they tell it, the others from what the primary tells. */
export type Members = {
  onReport(node: string, report: NodeReport): void
  onApplied(node: string, position: StoragePosition): void
  onGone(node: string): void
  onNews(news: PrimaryNews): void
  /** This node begins to lead: what was known of others is old. */
  reset(): void
  all(role: 'primary' | 'replica'): readonly NodeStatus[]
  /** Whether another node that may lead is linked, wherever its copy is. */
  hasCandidate(): boolean
  /** A node that may lead and whose copy is at `position`, with this very history; null when none comes there in time. */
  candidateAt(position: StoragePosition, patience: Millis): Promise<string | null>
}

type Known = {
  report: NodeReport
  role: 'primary' | 'replica'
  position: StoragePosition | null
  heardAt: Millis
}

/** Who was not heard of for so long is not spoken of any more. */
const FORGOTTEN: Millis = 60_000

export function createMembers(parts: MembersParts): Members {
  const { name, positions, now } = parts
  const known = new Map<string, Known>()
  const waiting = new Set<() => void>()
  const look = () => {
    for (const again of [...waiting]) again()
  }
  positions.onMove(look)

  /** Whether the node's copy holds what was committed at `wanted`, in the same history as ours, which must not have lost it. */
  const has = ({ position }: Known, wanted: StoragePosition): boolean =>
    position !== null &&
    position.txid >= wanted.txid &&
    positions.holds(position) === true &&
    positions.holds(wanted) !== false
  const candidate = (wanted: StoragePosition): string | null => {
    for (const [node, entry] of known) {
      if (node !== name && entry.report.candidate && has(entry, wanted)) return node
    }
    return null
  }

  return {
    onReport(node, report) {
      known.set(node, { report, role: 'replica', position: report.position, heardAt: now() })
      look()
    },
    onApplied(node, position) {
      const entry = known.get(node)
      if (entry === undefined) return
      entry.position = position
      look()
    },
    onGone: (node) => void known.delete(node),
    onNews({ nodes }) {
      const told = new Set(nodes.map(({ node }) => node))
      for (const node of known.keys()) if (!told.has(node)) known.delete(node)
      for (const { node, role, seen, ...report } of nodes) {
        known.set(node, { report, role, position: report.position, heardAt: now() - seen })
      }
    },
    reset: () => known.clear(),
    all(role) {
      const own: NodeStatus = { ...parts.report(), node: name, role, seen: 0 }
      const others = [...known].filter(([node, { heardAt }]) => node !== name && now() - heardAt < FORGOTTEN)
      return [
        own,
        ...others.map(([node, entry]) => ({
          ...entry.report,
          position: entry.position,
          node,
          // A primary knows that nobody else is.
          role: role === 'primary' ? ('replica' as const) : entry.role,
          seen: Math.round(now() - entry.heardAt),
        })),
      ].sort((a, b) => (a.node < b.node ? -1 : 1))
    },
    hasCandidate: () => [...known].some(([node, { report }]) => node !== name && report.candidate),
    candidateAt(position, patience) {
      const found = candidate(position)
      if (found !== null) return Promise.resolve(found)
      return new Promise((resolve) => {
        const again = () => {
          const late = candidate(position)
          if (late === null) return
          waiting.delete(again)
          resolve(late)
        }
        waiting.add(again)
        parts.after(patience, () => {
          if (waiting.delete(again)) resolve(null)
        })
      })
    },
  }
}
