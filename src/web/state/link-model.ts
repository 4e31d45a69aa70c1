import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client, ClientUser, LinkState } from '../../client/api.ts'
import type { AppError } from '../../core/errors.ts'

/** The connection as signals. */
export type LinkModel = {
  readonly state: ReadonlySignal<LinkState>
  /** Whether what the page shows is the server's present state. */
  readonly isLive: ReadonlySignal<boolean>
  /** Who is logged in; kept while the link is down, so that the page does not flicker over a reconnect. */
  readonly user: ReadonlySignal<ClientUser | null>
  /** The newest error that belonged to no call of ours. */
  readonly problem: ReadonlySignal<AppError | null>
  dismissProblem(): void
  /** Tries again now. */
  retry(): void
  /** Called when the user is no longer anybody: after a logout. */
  forgetUser(): void
}

export function createLinkModel(client: Client): LinkModel {
  const state = signal<LinkState>(client.state)
  const user = signal<ClientUser | null>(client.user)
  const problem = signal<AppError | null>(null)
  client.onState((next) => {
    state.value = next
  })
  client.onUser((next) => {
    if (next !== null) user.value = next
  })
  client.onError((error) => {
    problem.value = error
  })
  return {
    state,
    user,
    problem,
    isLive: computed(() => state.value.status === 'live'),
    dismissProblem() {
      problem.value = null
    },
    retry() {
      if (client.state.status === 'closed') client.connect()
      else client.retry()
    },
    forgetUser() {
      user.value = null
    },
  }
}
