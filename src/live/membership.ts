import { channelAddress } from '../core/channel-address.ts'
import { channelKey, type Scope } from '../core/ids.ts'
import { Channel, Feed, type Session } from './model.ts'
import type { ChannelSource, ClientType } from './ports.ts'
import { epochOf, isEphemeral, positionOf } from './positions.ts'
import { parameterCount } from './sources.ts'
import type { Channels, Outlet, Positions } from './state.ts'
import { hasTopics, topicOf } from './topics.ts'

/** Returns the channel of a scope, which exists from the first session that holds it to the last. */
export function channelOf<Socket>(
  live: Channels<Socket> & Positions,
  source: ChannelSource,
  scope: Scope,
  parameters: readonly string[],
): Channel<Socket> {
  const key = channelKey(source.name, scope, parameters)
  const held = live.channels.get(key)
  if (held !== undefined) return held
  const address = channelAddress(source.name, parameters)
  return new Channel<Socket>(key, source, address, scope.workspace, positionOf(live, source, key))
}

/** Makes the session hold the channel; it does not read it yet. */
export function hold<Socket>(
  live: Outlet<Socket> & Positions & Channels<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
): void {
  if (session.channels.includes(channel)) return
  if (channel.sessions.length === 0) {
    live.channels.set(channel.key, channel)
    if (parameterCount(channel.source) > 0) live.parameterised += 1
    live.documents.used(channel.key)
  }
  channel.add(session)
  live.deps.metrics.subscribed(channel.source.name, 1)
}

/** Makes the session give up the channel that it holds as its `index`th; it must not be reading it. */
export function release<Socket>(
  live: Outlet<Socket> & Positions & Channels<Socket>,
  session: Session<Socket>,
  index: number,
): void {
  const channel = session.channels[index]
  if (channel === undefined) return
  channel.remove(session, index)
  if (channel.sessions.length === 0) {
    live.channels.delete(channel.key)
    if (parameterCount(channel.source) > 0) live.parameterised -= 1
    if (isEphemeral(channel.source)) live.ephemeral.left(channel.key)
    else live.documents.idle(channel.key, live.deps.clock.now())
  }
  live.deps.metrics.subscribed(channel.source.name, -1)
}

/** Returns the feed of a channel at the session's rate, which is made for its first reader. */
export function feedFor<Socket>(
  live: Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
): Feed<Socket> {
  const held = channel[session.clientType]
  if (held !== null) return held
  const feed = new Feed(channel, session.clientType, channel.seq, epochOf(live, channel))
  channel[session.clientType] = feed
  return feed
}

/** Makes the session read the channel: it gets every frame of its feed from now on. */
export function joinFeed<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
): void {
  feedFor(live, session, channel)[session.format] += 1
  if (!hasTopics(channel)) return
  live.deps.transport.join(session.socket, topicOf(channel, session.clientType, session.format))
}

/** The reverse of {@link joinFeed}. A feed without readers is removed, with the patches that waited in it. */
export function leaveFeed<Socket>(
  live: Outlet<Socket> & Channels<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
): void {
  if (hasTopics(channel)) {
    live.deps.transport.leave(session.socket, topicOf(channel, session.clientType, session.format))
  }
  const feed = channel[session.clientType]
  if (feed === null) return
  feed[session.format] -= 1
  if (feed.readers > 0) return
  channel[session.clientType] = null
  live.throttles[session.clientType].forget(feed)
}

/** Returns the feeds of a channel that exist. */
export function feedsOf<Socket>(channel: Channel<Socket>): readonly Feed<Socket>[] {
  return CLIENT_TYPES.flatMap((type) => channel[type] ?? [])
}

const CLIENT_TYPES: readonly ClientType[] = ['web', 'tui']
