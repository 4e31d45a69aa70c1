import type { Channel } from './model.ts'
import type { ClientType, WireFormat } from './ports.ts'

/**
 * Returns whether frames of the channel are published to native topics. A channel of a single user has a
 * socket or two: a topic would cost each idle session more memory than direct sends cost a busy one.
 */
export function hasTopics<Socket>(channel: Channel<Socket>): boolean {
  return channel.source.audience === 'workspace'
}

/** Returns the native topic of one format of a feed; only for channels that have topics. */
export function topicOf<Socket>(
  channel: Channel<Socket>,
  clientType: ClientType,
  format: WireFormat,
): string {
  return `${channel.key}|${clientType}|${format}`
}
