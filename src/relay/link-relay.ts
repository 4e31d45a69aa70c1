import { createSubscriptions } from './subscriptions.ts'
import { fits, isTopic, type Outcome, type Relay, type RelayDeps } from './types.ts'
import { createWindowedStream, type RelayMessage } from './windowed-stream.ts'

export type LinkRelayDeps = RelayDeps & {
  /** Sends to the hub of the host, in its supervisor. */
  readonly send: (message: RelayMessage) => void
  /** Runs something at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void
}

/** A process's relay, and the functions that its link to the supervisor calls. */
export type LinkRelay = {
  readonly relay: Relay
  receive(message: RelayMessage): void
  /** The supervisor is gone. */
  ended(): void
}

/**
 * Returns the relay of a process whose supervisor has the hub. It is `down` once the supervisor is gone; it
 * does not know whether the hub reaches other hosts.
 */
export function createLinkRelay(deps: LinkRelayDeps): LinkRelay {
  const counts = { sent: 0, received: 0, lost: 0, refused: 0, ignored: 0 }
  let state: ReturnType<Relay['state']> = { state: 'up', since: deps.now() }
  /** The hub does not know the present topics yet: many change in one turn. */
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

  const stream = createWindowedStream({
    send(message) {
      // The answer to this text may come on a topic that was subscribed to in this turn.
      follow()
      deps.send(message)
    },
    onText(topic, text) {
      if (subscriptions.deliver(topic, text)) counts.received += 1
    },
    onFollow() {},
    defer: deps.defer,
  })

  function outcomeOf(topic: string, text: string): Outcome {
    if (!isTopic(topic) || !fits(text)) return 'refused'
    return state.state === 'up' && stream.put(topic, text) ? 'sent' : 'lost'
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
  return { relay, receive: stream.receive, ended }
}
