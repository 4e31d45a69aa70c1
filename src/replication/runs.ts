import type { Millis } from '../core/clock.ts'

export type RunsParts = {
  /** Takes what runs other than these left behind; false when it has to be tried again. */
  readonly sweep: (alive: readonly string[]) => Promise<boolean>
  /** Monotonic time, ms. */
  readonly now: () => Millis
}

/** Which runs of serving processes live, over all nodes, as the primary knows it. */
export type Runs = {
  /** A node says which it has. */
  has(node: string, runs: readonly string[]): void
  /** A node is not heard of any more: it may come back, and its devices with it. */
  gone(node: string): void
  /** This node begins to lead. */
  begin(): void
  /** To be called now and then while it leads. */
  look(): void
}

/** A new primary knows nobody: for so long it takes nobody for dead. The same for a node that is cut off. */
const GRACE: Millis = 15_000
/** Whatever was missed, a device of a run that is no more, is found at the latest then. */
const AGAIN: Millis = 60_000

/** Sweeps what dead runs left behind, once they are dead for certain. */
export function createRuns({ sweep, now }: RunsParts): Runs {
  const nodes = new Map<string, { runs: readonly string[]; goneAt: Millis | null }>()
  let from = Infinity
  let dueAt = Infinity
  let isSweeping = false

  const isDead = ({ goneAt }: { goneAt: Millis | null }) => goneAt !== null && now() - goneAt > GRACE

  return {
    has(node, runs) {
      const before = nodes.get(node)?.runs ?? []
      nodes.set(node, { runs, goneAt: null })
      if (before.some((run) => !runs.includes(run))) dueAt = Math.min(dueAt, Math.max(now(), from))
    },
    gone(node) {
      const known = nodes.get(node)
      if (known !== undefined) known.goneAt ??= now()
    },
    begin() {
      nodes.clear()
      from = now() + GRACE
      dueAt = from
    },
    look() {
      for (const [node, known] of nodes) {
        if (!isDead(known)) continue
        nodes.delete(node)
        dueAt = Math.min(dueAt, Math.max(now(), from))
      }
      if (isSweeping || now() < dueAt) return
      isSweeping = true
      dueAt = now() + AGAIN
      const done = sweep([...nodes.values()].flatMap(({ runs }) => runs))
      void done
        .catch(() => false)
        .then((isDone) => {
          isSweeping = false
          // Not before its time: this node may have lost its lead meanwhile, and have it again, and know nobody yet.
          if (!isDone) dueAt = Math.min(dueAt, Math.max(now(), from))
        })
    },
  }
}
