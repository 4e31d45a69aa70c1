import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'
import type { Json } from '../../core/json.ts'
import { type ClusterView, readCluster } from './cluster.ts'

/** The nodes of the cluster. Asked for only while something on the screen reads it. */
export type ClusterModel = {
  /** As last heard; null where the server is no node of a cluster, or has not answered yet. */
  readonly view: ReadonlySignal<ClusterView | null>
  /** Whether the last question was answered. */
  readonly isAnswered: ReadonlySignal<boolean>
}

export type ClusterParts = {
  /** What `/health` says now, whatever its status. Rejects when the server cannot be reached or says something else. */
  readonly ask: () => Promise<Json>
  /** Calls again and again while the page is visible; answers how to end it. */
  readonly repeat: (call: () => void, pause: () => Millis) => () => void
}

/** The first answer decides: of a server that is no node nothing is asked again. */
export function createClusterModel({ ask, repeat }: ClusterParts): ClusterModel {
  const isAnswered = signal(true)
  let isNode = true
  let isAsking = false
  let stop = () => {}
  const view = signal<ClusterView | null>(null, {
    watched() {
      if (isNode)
        stop = repeat(
          () => void look(),
          () => PAUSE,
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

const PAUSE: Millis = 2_000
