import type { Millis } from '../core/clock.ts'
import type { Json } from '../core/json.ts'
import { type FeedMessage, type ServerMessage, wireType } from '../protocol/server-messages.ts'
import { pauseSlowReaders } from './back-pressure.ts'
import { channelFields } from './channel-fields.ts'
import { encodeForFeed, encodePlain } from './encode.ts'
import type { Feed } from './model.ts'
import type { Frame, WireFormat } from './ports.ts'
import { documentInMemory, epochOf } from './positions.ts'
import type { LiveState } from './state.ts'
import { hasTopics, topicOf } from './topics.ts'

/** Publishes what the feeds may send now; to be called after everything that changes feeds. */
export function flushFeeds<Socket>(live: LiveState<Socket>): void {
  live.throttles.tui.flush()
  live.throttles.web.flush()
}

/** Publishes everything that waits in a feed as one delta, encoded once per format. */
export function flushFeed<Socket>(live: LiveState<Socket>, feed: Feed<Socket>): void {
  const patch = feed.take()
  if (patch === null) return
  const { channel } = feed
  const from = feed.seq
  feed.seq = channel.seq
  feed.deltas += 1
  // A checksum is added now and then, and only if the document is in memory.
  const document = feed.deltas % live.deps.limits.checksumEvery === 0 ? documentInMemory(live, channel) : null
  const now = live.deps.clock.now()
  // The first delta of a new epoch is a `resumed`, which takes readers from their epoch into the new one. It
  // reaches as far as possible, because some were served from tables that were ahead of the engine.
  const epoch = epochOf(live, channel)
  const isNewEpoch = feed.epoch !== epoch
  publish(live, feed, {
    type: isNewEpoch ? 'resumed' : 'update',
    ...channelFields(channel),
    epoch,
    from,
    seq: isNewEpoch ? live.seq : channel.seq,
    timestamp: now,
    changes: patch.changes,
    ...(patch.removed.length > 0 ? { removed: patch.removed } : {}),
    ...(document !== null && document.seq === channel.seq ? { checksum: document.checksum() } : {}),
  })
  feed.epoch = epoch
  live.deps.metrics.broadcast(feed.clientType, (now - feed.waitingSince) / 1000)
}

/** Publishes one event of a stream at once, to a feed that stands at the event before it. */
export function publishEvent<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  event: { readonly name: string; readonly data: Json; readonly seq: number; readonly at: Millis },
): void {
  const now = live.deps.clock.now()
  const position = { ...channelFields(feed.channel), epoch: live.epoch, from: feed.seq, timestamp: now }
  if (feed.epoch !== live.epoch) {
    // Readers may have any position between the event before and this one.
    publish(live, feed, { type: 'resumed', ...position, seq: event.seq - 1, changes: {} })
    feed.epoch = live.epoch
  }
  feed.seq = event.seq
  publish(live, feed, { type: 'event', event: event.name, ...position, seq: event.seq, data: event.data })
  live.deps.metrics.broadcast(feed.clientType, (now - event.at) / 1000)
}

/** Publishes a message of the feed to all its readers. */
export function publish<Socket>(live: LiveState<Socket>, feed: Feed<Socket>, message: FeedMessage): void {
  publishFrames(live, feed, wireType(message), (format) => encodeForFeed(live, feed, message, format))
}

/** The same for a message without a position. */
export function publishPlain<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  message: ServerMessage,
): void {
  publishFrames(live, feed, wireType(message), (format) => encodePlain(live, message, format))
}

function publishFrames<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  type: string,
  encode: (format: WireFormat) => Frame,
): void {
  for (const format of FORMATS) {
    const readers = feed[format]
    if (readers === 0) continue
    const frame = encode(format)
    const outcome = hasTopics(feed.channel)
      ? live.deps.publisher.publish(topicOf(feed.channel, feed.clientType, format), frame)
      : sendToReaders(live, feed, format, frame)
    live.deps.metrics.sent(feed.clientType, type, readers)
    if (outcome === 'congested') pauseSlowReaders(live, feed, format)
  }
}

/** Sends to each reader directly, for a channel without topics. A paused session reads no feed. */
function sendToReaders<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  format: WireFormat,
  frame: Frame,
): 'delivered' | 'congested' {
  const { transport } = live.deps
  let outcome: 'delivered' | 'congested' = 'delivered'
  for (const session of feed.channel.sessions) {
    const isReader =
      session.clientType === feed.clientType && session.format === format && session.link.type === 'open'
    if (!isReader) continue
    transport.send(session.socket, frame)
    if (transport.buffered(session.socket) > 0) outcome = 'congested'
  }
  return outcome
}

const FORMATS: readonly WireFormat[] = ['json', 'msgpack', 'packed']
