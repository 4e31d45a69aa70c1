import type { Millis } from '../core/clock.ts'

export type InstanceRegistryDeps = {
  /** Takes what instances other than these left behind. False when it has to be tried again. */
  readonly sweep: (alive: readonly string[]) => Promise<boolean>
  /** Monotonic time, ms. */
  readonly now: () => Millis
}

/** The primary's liveness registry: which instances of serving processes live, over all nodes. */
export type InstanceRegistry = {
  /** A node reports the instances that it has. */
  report(node: string, instances: readonly string[]): void
  /** The link to a node ended: it may come back, and its devices with it. */
  gone(node: string): void
  /** This node becomes the primary. */
  begin(): void
  /** To be called at each heartbeat while it is the primary: sweeps when that is due. */
  beat(): void
}

/**
 * How long a node may be gone before its instances are taken for dead, and how long a new primary, which
 * knows of no instance yet, takes none for dead.
 */
const GRACE: Millis = 15_000
/** A device of a dead instance that was missed for whatever reason is found by the next sweep. */
const SWEEP_INTERVAL: Millis = 60_000

/** Returns a registry that sweeps what dead instances left behind, once they are dead for certain. */
export function createInstanceRegistry({ sweep, now }: InstanceRegistryDeps): InstanceRegistry {
  const nodes = new Map<string, { instances: readonly string[]; goneAt: Millis | null }>()
  let earliest = Infinity
  let dueAt = Infinity
  let isSweeping = false

  const isDead = ({ goneAt }: { goneAt: Millis | null }) => goneAt !== null && now() - goneAt > GRACE
  const sweepSoon = () => {
    dueAt = Math.min(dueAt, Math.max(now(), earliest))
  }

  return {
    report(node, instances) {
      const before = nodes.get(node)?.instances ?? []
      nodes.set(node, { instances, goneAt: null })
      if (before.some((instance) => !instances.includes(instance))) sweepSoon()
    },
    gone(node) {
      const known = nodes.get(node)
      if (known !== undefined) known.goneAt ??= now()
    },
    begin() {
      nodes.clear()
      earliest = now() + GRACE
      dueAt = earliest
    },
    beat() {
      for (const [node, known] of nodes) {
        if (!isDead(known)) continue
        nodes.delete(node)
        sweepSoon()
      }
      if (isSweeping || now() < dueAt) return
      isSweeping = true
      dueAt = now() + SWEEP_INTERVAL
      const done = sweep([...nodes.values()].flatMap(({ instances }) => instances))
      void done
        .catch(() => false)
        .then((isDone) => {
          isSweeping = false
          // Not before `earliest`: this node may have lost the lead meanwhile, and have it again, and know of
          // no instance yet.
          if (!isDone) sweepSoon()
        })
    },
  }
}
