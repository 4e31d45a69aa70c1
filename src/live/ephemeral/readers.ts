import type { Millis } from '../../core/clock.ts'
import type { Patch } from '../../core/patch.ts'
import { channelFields } from '../channel-fields.ts'
import { feedsOf } from '../membership.ts'
import { flushFeed, publish, publishPlain } from '../publish.ts'
import { snapshotMessage } from '../send-document.ts'
import type { LiveState } from '../state.ts'
import { staleMessage } from './messages.ts'
import { servedDocument } from './own.ts'
import type { EphemeralValue } from './value.ts'

/** Queues a patch of the served value for sessions here; it goes out as soon as their feeds may send. */
export function queuePatch<Socket>(live: LiveState<Socket>, value: EphemeralValue, patch: Patch): void {
  const channel = live.channels.get(value.key)
  if (channel === undefined) return
  const feeds = feedsOf(channel)
  if (feeds.some((feed) => feed.epoch !== value.epoch)) {
    // Its board failed when the document was due.
    publishSnapshot(live, value)
    return
  }
  channel.seq = value.seq
  const now = live.deps.clock.now()
  for (const feed of feeds) if (feed.add(patch, now)) live.throttles[feed.clientType].changed(feed)
}

/** Sends the whole document to all sessions that read it here, because no delta leads to it (rule E-5). */
export function publishSnapshot<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  value.stale = null
  const channel = live.channels.get(value.key)
  if (channel === undefined) return
  const document = servedDocument(live, value)
  if (document === null) return
  const at = { epoch: value.epoch, seq: document.seq }
  channel.seq = at.seq
  for (const feed of feedsOf(channel)) {
    feed.take()
    feed.seq = at.seq
    feed.epoch = at.epoch
    publish(live, feed, snapshotMessage(live, channel, document, at))
  }
}

/** Tells sessions here that the value may be old since then (rule E-6). The first `since` holds. */
export function markStale<Socket>(live: LiveState<Socket>, value: EphemeralValue, since: Millis): void {
  if (value.stale !== null) return
  value.stale = { since }
  const channel = live.channels.get(value.key)
  if (channel === undefined) return
  for (const feed of feedsOf(channel)) {
    // What is known goes out before: no update follows while the value is stale.
    flushFeed(live, feed)
    publishPlain(live, feed, staleMessage(channel, since))
  }
}

/** Tells sessions here that the value is up to date again, by a `resumed` without changes (rule E-6). */
export function markFresh<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  if (value.stale === null) return
  value.stale = null
  const channel = live.channels.get(value.key)
  if (channel === undefined) return
  for (const feed of feedsOf(channel)) {
    publish(live, feed, {
      type: 'resumed',
      ...channelFields(channel),
      epoch: feed.epoch,
      from: feed.seq,
      seq: feed.seq,
      timestamp: live.deps.clock.now(),
      changes: {},
    })
  }
}
