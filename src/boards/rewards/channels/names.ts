import {
  type ChannelKey,
  type ChannelName,
  channelKey,
  type UserId,
  type WorkspaceId,
} from '../../../core/ids.ts'

/** The board's channels, by the name clients subscribe to. */
export const SUMMARY = 'rewards.summary' as ChannelName
export const NETWORKS = 'rewards.networks' as ChannelName
export const EARNINGS = 'rewards.earnings' as ChannelName
export const ACTIVITY = 'rewards.activity' as ChannelName

/** The event of {@link ACTIVITY}. */
export const NOTIFICATION = 'notification'

/** The events of the board's streams. */
export const REWARDS_EVENTS: readonly string[] = [NOTIFICATION]

/** The channel key of the document that everyone in a workspace shares. */
export function sharedKey(name: ChannelName, workspace: WorkspaceId): ChannelKey {
  return channelKey(name, { workspace, user: null })
}

/** The channel key of one user's document. */
export function userKey(name: ChannelName, workspace: WorkspaceId, user: UserId): ChannelKey {
  return channelKey(name, { workspace, user })
}
