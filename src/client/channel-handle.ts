import type { ChannelHandle } from './api.ts'
import type { Subscription } from './subscription.ts'

/**
 * Returns a handle of a subscription; several handles may share one. Calls `release` once, when the handle is
 * closed.
 */
export function channelHandle(subscription: Subscription, release: () => void): ChannelHandle {
  const cleanups: (() => void)[] = [release]
  const onClose = (end: () => void) => {
    cleanups.push(end)
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
    onChange: (listener) => onClose(subscription.changes.add(listener)),
    onStatus: (listener) => onClose(subscription.statuses.add(listener)),
    close() {
      for (const end of cleanups.splice(0)) end()
    },
  }
}
