import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'
import type { Json } from '../../core/json.ts'
import { type ClusterView, readCluster } from './cluster.ts'

/** The nodes of the cluster, requested only while something on the screen reads them. */
export type ClusterModel = {
  /** Of the last answer; null where the server is no node of a cluster, or has not answered yet. */
  readonly view: ReadonlySignal<ClusterView | null>
  /** Whether the last request was answered. */
  readonly isAnswered: ReadonlySignal<boolean>
}

export type ClusterDeps = {
  /** Returns the answer of `/health`, whatever its status. Rejects when there is none, or it is no JSON. */
  readonly ask: () => Promise<Json>
  /** Calls again and again while the page is visible. Returns a function that ends it. */
  readonly repeat: (call: () => void, interval: () => Millis) => () => void
}

/** The first answer decides: a server that is no node is not asked again. */
export function createClusterModel({ ask, repeat }: ClusterDeps): ClusterModel {
  const isAnswered = signal(true)
  let isNode = true
  let isAsking = false
  let stop = () => {}
  const view = signal<ClusterView | null>(null, {
    watched() {
      if (isNode)
        stop = repeat(
          () => void look(),
          () => POLL_INTERVAL,
        )
    },
    unwatched: () => stop(),
  })

  async function look(): Promise<void> {
    if (isAsking || !isNode) return
    isAsking = true
    try {
      const found = readCluster(await ask())
      isNode = found !== null || view.peek() !== null
      if (!isNode) stop()
      if (found !== null) view.value = found
      isAnswered.value = found !== null || !isNode
    } catch {
      isAnswered.value = false
    } finally {
      isAsking = false
    }
  }
  return { view, isAnswered }
}

const POLL_INTERVAL: Millis = 2_000
