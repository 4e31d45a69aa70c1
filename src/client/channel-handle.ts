import type { ChannelHandle } from './api.ts'
import type { Subscription } from './subscription.ts'

/** What one user of a state channel holds; `leave` is called once, when it is closed. */
export function channelHandle(subscription: Subscription, leave: () => void): ChannelHandle {
  const ends: (() => void)[] = [leave]
  const ending = (end: () => void) => {
    ends.push(end)
    return end
  }
  return {
    channel: subscription.channel,
    workspace: subscription.workspace,
    get status() {
      return subscription.status
    },
    get value() {
      return subscription.replica.value
    },
    get epoch() {
      return subscription.replica.position?.epoch ?? 0
    },
    get seq() {
      return subscription.replica.position?.seq ?? 0
    },
    get isEphemeral() {
      return subscription.replica.isEphemeral
    },
    get updatedAt() {
      return subscription.replica.updatedAt
    },
    onChange: (listener) => ending(subscription.changes.add(listener)),
    onStatus: (listener) => ending(subscription.statuses.add(listener)),
    close() {
      for (const end of ends.splice(0)) end()
    },
  }
}
