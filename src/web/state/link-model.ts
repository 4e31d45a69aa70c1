import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client, LinkState } from '../../client/api.ts'
import type { AppError } from '../../core/errors.ts'

/** The connection as signals. */
export type LinkModel = {
  readonly state: ReadonlySignal<LinkState>
  /** Whether what the page shows is the server's present state. */
  readonly isLive: ReadonlySignal<boolean>
  /** The channels that the server of the last connection shows without a login. */
  readonly publicChannels: ReadonlySignal<readonly string[]>
  /** The newest error that is the result of no call of ours. */
  readonly problem: ReadonlySignal<AppError | null>
  dismissProblem(): void
  /** Tries to connect now. */
  retry(): void
}

export function createLinkModel(client: Client): LinkModel {
  const state = signal<LinkState>(client.state)
  const publicChannels = signal<readonly string[]>([])
  const problem = signal<AppError | null>(null)
  client.onState((next) => {
    state.value = next
    // The client has its `hello` right after it says so.
    queueMicrotask(() => {
      const known = client.hello?.public_channels
      if (known !== undefined && known.join() !== publicChannels.peek().join()) publicChannels.value = known
    })
  })
  client.onError((error) => {
    problem.value = error
  })
  return {
    state,
    isLive: computed(() => state.value.status === 'live'),
    publicChannels,
    problem,
    dismissProblem() {
      problem.value = null
    },
    retry() {
      if (client.state.status === 'closed') client.connect()
      else client.retry()
    },
  }
}
