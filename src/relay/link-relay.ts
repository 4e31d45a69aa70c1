import { createSubscriptions } from './subscriptions.ts'
import { fits, isTopic, type Outcome, type Relay, type RelayDeps } from './types.ts'
import { createWindowedStream, type RelayMessage } from './windowed-stream.ts'

export type LinkRelayDeps = RelayDeps & {
  /** To the hub of the host, in its supervisor. */
  readonly send: (message: RelayMessage) => void
  /** Runs something at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void
}

/** A process's relay and what its link to the supervisor tells it. */
export type LinkRelay = {
  readonly relay: Relay
  receive(message: RelayMessage): void
  /** The supervisor is gone. */
  ended(): void
}

/**
 * The end of a relay in a process whose supervisor is the hub. `down` when that one is gone; nothing else is
 * known here.
 */
export function createLinkRelay(deps: LinkRelayDeps): LinkRelay {
  const counts = { sent: 0, received: 0, lost: 0, refused: 0, ignored: 0 }
  let state: ReturnType<Relay['state']> = { state: 'up', since: deps.now() }
  /** The hub was not told yet of topics that are wanted now, or no longer: many come in one turn. */
  let isFollowDue = false
  const subscriptions = createSubscriptions({
    changed() {
      if (isFollowDue) return
      isFollowDue = true
      deps.defer(follow)
    },
    failed: deps.failed,
  })

  function follow(): void {
    if (!isFollowDue) return
    isFollowDue = false
    deps.send({ type: 'follow', topics: subscriptions.topics() })
  }

  const line = createWindowedStream({
    send(message) {
      // The answer to what is published now may come on a topic that is wanted since this turn.
      follow()
      deps.send(message)
    },
    take(topic, text) {
      if (subscriptions.deliver(topic, text)) counts.received += 1
    },
    follow() {},
    defer: deps.defer,
  })

  function outcomeOf(topic: string, text: string): Outcome {
    if (!isTopic(topic) || !fits(text)) return 'refused'
    return state.state === 'up' && line.put(topic, text) ? 'sent' : 'lost'
  }

  function ended(): void {
    if (state.state === 'up') state = { state: 'down', since: deps.now() }
  }

  const relay: Relay = {
    publish(topic, text) {
      const outcome = outcomeOf(topic, text)
      counts[outcome] += 1
      return outcome
    },
    subscribe: subscriptions.add,
    state: () => state,
    counts: () => ({ ...counts }),
    async close() {
      subscriptions.close()
      ended()
    },
  }
  return { relay, receive: line.receive, ended }
}
