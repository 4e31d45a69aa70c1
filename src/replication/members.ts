import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { ClusterStatus, NodeReport, NodeStatus } from './node-messages.ts'
import type { Positions } from './positions.ts'

export type MembersDeps = {
  readonly name: string
  readonly report: () => NodeReport
  /** The positions of this node's own copy. */
  readonly positions: Positions
  /** Monotonic time, ms. */
  readonly now: () => Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

/**
 * The nodes of the cluster, as this one knows them: the primary by their reports, the others by the status
 * that the primary sends.
 */
export type Members = {
  onReport(node: string, report: NodeReport): void
  onPosition(node: string, position: StoragePosition): void
  onGone(node: string): void
  onStatus(status: ClusterStatus): void
  /** This node becomes the primary: what was known of others is old. */
  reset(): void
  all(role: 'primary' | 'replica'): readonly NodeStatus[]
  /** Returns true if another node that may lead is linked, whatever the position of its copy. */
  hasCandidate(): boolean
  /**
   * Returns a node that may lead and whose copy is at `position`, with this very history; null when none
   * comes there within `timeout` ms.
   */
  candidateAt(position: StoragePosition, timeout: Millis): Promise<string | null>
}

type Known = {
  report: NodeReport
  role: 'primary' | 'replica'
  position: StoragePosition | null
  lastSeenAt: Millis
}

/** A node that was not heard for so long is left out. */
const FORGET_TIMEOUT: Millis = 60_000

export function createMembers(deps: MembersDeps): Members {
  const { name, positions, now } = deps
  const known = new Map<string, Known>()
  const waiting = new Set<() => void>()
  const checkWaiting = () => {
    for (const check of [...waiting]) check()
  }
  positions.onMove(checkWaiting)

  /**
   * Returns true if a node's copy has what was committed at `wanted`, in the same history as ours, which must
   * not have lost it.
   */
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
      known.set(node, { report, role: 'replica', position: report.position, lastSeenAt: now() })
      checkWaiting()
    },
    onPosition(node, position) {
      const entry = known.get(node)
      if (entry === undefined) return
      entry.position = position
      checkWaiting()
    },
    onGone: (node) => void known.delete(node),
    onStatus({ nodes }) {
      const names = new Set(nodes.map(({ node }) => node))
      for (const node of known.keys()) if (!names.has(node)) known.delete(node)
      for (const { node, role, seen, ...report } of nodes) {
        known.set(node, { report, role, position: report.position, lastSeenAt: now() - seen })
      }
    },
    reset: () => known.clear(),
    all(role) {
      const own: NodeStatus = { ...deps.report(), node: name, role, seen: 0 }
      const others = [...known].filter(
        ([node, { lastSeenAt }]) => node !== name && now() - lastSeenAt < FORGET_TIMEOUT,
      )
      return [
        own,
        ...others.map(([node, entry]) => ({
          ...entry.report,
          position: entry.position,
          node,
          // There is one primary: this node.
          role: role === 'primary' ? ('replica' as const) : entry.role,
          seen: Math.round(now() - entry.lastSeenAt),
        })),
      ].sort((a, b) => (a.node < b.node ? -1 : 1))
    },
    hasCandidate: () => [...known].some(([node, { report }]) => node !== name && report.candidate),
    candidateAt(position, timeout) {
      const found = candidate(position)
      if (found !== null) return Promise.resolve(found)
      return new Promise((resolve) => {
        const check = () => {
          const late = candidate(position)
          if (late === null) return
          waiting.delete(check)
          resolve(late)
        }
        waiting.add(check)
        deps.after(timeout, () => {
          if (waiting.delete(check)) resolve(null)
        })
      })
    },
  }
}
