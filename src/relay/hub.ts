import { createSubscriptions } from './subscriptions.ts'
import { fits, isTopic, type Outcome, type Relay, type RelayCounts, type RelayDeps } from './types.ts'
import { createWindowedStream, type RelayMessage } from './windowed-stream.ts'

export type HubDeps = RelayDeps & {
  /** The relay to the other hosts; null when there are none. */
  readonly uplink: Relay | null
  /** Runs something at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void
}

/**
 * The relay of one host, in its middle: what one member publishes goes to all other members, and to the other
 * hosts.
 */
export type Hub = {
  /** Returns a relay for this process. */
  join(): Relay
  /** Adds another process of this host. Returns this end of the channel to it. */
  attach(send: (message: RelayMessage) => void): HubEnd
  /** Returns the state of the relay to the other hosts. */
  state: Relay['state']
  /** Returns the counts of the whole host. */
  counts(): RelayCounts
  /** Closes the hub, and the relay to the other hosts. */
  close(): Promise<void>
}

export type HubEnd = {
  receive(message: RelayMessage): void
  /** The other process is gone. */
  close(): void
}

/** A member of the hub. */
type Member = { wants(topic: string): boolean; put(topic: string, text: string): boolean }

/** Returns a hub without members. */
export function createHub(deps: HubDeps): Hub {
  const { uplink, defer } = deps
  const members = new Set<Member>()
  const followed = new Map<string, { readonly end: () => void; members: number }>()
  const counts = { sent: 0, received: 0, lost: 0, refused: 0 }
  const begun = { state: 'up', since: deps.now() } as const

  function spread(from: Member | null, topic: string, text: string): void {
    for (const member of members) {
      if (member === from || !member.wants(topic)) continue
      if (member.put(topic, text)) counts.received += 1
      else counts.lost += 1
    }
  }

  function publish(from: Member, topic: string, text: string): Outcome {
    const outcome = !isTopic(topic) || !fits(text) ? 'refused' : (uplink?.publish(topic, text) ?? 'sent')
    if (outcome === 'refused') {
      counts.refused += 1
      return outcome
    }
    counts.sent += 1
    spread(from, topic, text)
    return outcome
  }

  /** The hub subscribes at the other hosts to the topics that a member wants, and no others. */
  function follow(topic: string, wanted: boolean): void {
    if (uplink === null) return
    const known = followed.get(topic)
    if (wanted && known !== undefined) known.members += 1
    else if (wanted) {
      const end = uplink.subscribe(topic, (text) => spread(null, topic, text))
      followed.set(topic, { end, members: 1 })
    } else if (known !== undefined && --known.members === 0) {
      followed.delete(topic)
      known.end()
    }
  }

  function join(): Relay {
    let waiting: (readonly [topic: string, text: string])[] = []
    let open = true
    const own = { sent: 0, received: 0, lost: 0, refused: 0, ignored: 0 }
    const subscriptions = createSubscriptions({ changed: follow, failed: deps.failed })
    const deliver = () => {
      const texts = waiting
      waiting = []
      for (const [topic, text] of texts) if (subscriptions.deliver(topic, text)) own.received += 1
    }
    const member: Member = {
      wants: subscriptions.has,
      put(topic, text) {
        if (waiting.length >= MAX_WAITING) {
          own.lost += 1
          return false
        }
        if (waiting.push([topic, text]) === 1) defer(deliver)
        return true
      },
    }
    members.add(member)
    return {
      publish(topic, text) {
        const outcome = open ? publish(member, topic, text) : 'lost'
        own[outcome] += 1
        return outcome
      },
      subscribe: subscriptions.add,
      state: () => uplink?.state() ?? begun,
      counts: () => ({ ...own }),
      async close() {
        open = false
        members.delete(member)
        subscriptions.close()
      },
    }
  }

  function attach(send: (message: RelayMessage) => void): HubEnd {
    let topics: ReadonlySet<string> = new Set()
    const want = (next: ReadonlySet<string>) => {
      const before = topics
      topics = next
      for (const topic of next) if (!before.has(topic)) follow(topic, true)
      for (const topic of before) if (!next.has(topic)) follow(topic, false)
    }
    const stream = createWindowedStream({
      send,
      onText: (topic, text) => void publish(member, topic, text),
      onFollow: (next) => want(new Set(next)),
      defer,
    })
    const member: Member = { wants: (topic) => topics.has(topic), put: stream.put }
    members.add(member)
    return {
      receive: stream.receive,
      close() {
        members.delete(member)
        want(new Set())
      },
    }
  }

  return {
    join,
    attach,
    state: () => uplink?.state() ?? begun,
    counts() {
      if (uplink === null) return { ...counts, ignored: 0 }
      // The uplink counts what was sent: some of it is known to be lost only when a connection breaks.
      const { sent, lost, ignored } = uplink.counts()
      return { ...counts, sent, lost: counts.lost + lost, ignored }
    },
    async close() {
      members.clear()
      await uplink?.close()
    },
  }
}

/** Texts that may wait for a member in this process within one turn. */
const MAX_WAITING = 8_192
