import type { Millis } from '../../core/clock.ts'
import { parseChannelKey } from '../../core/ids.ts'
import { LiveDocument } from '../document.ts'
import type { Channel } from '../model.ts'
import type { EphemeralSource } from '../ports.ts'
import { flushFeeds } from '../publish.ts'
import type { LiveState } from '../state.ts'
import { answerWant } from './own.ts'
import { joinText } from './parts.ts'
import { markFresh, markStale, publishSnapshot, queuePatch } from './readers.ts'
import { parseBeat, parseValueText, parseWants, printWants, type ValueText, type Want } from './texts.ts'
import { BEAT_TOPIC, EphemeralValue, isNewer, isSameOrigin, topicOfValue, WANT_TOPIC } from './value.ts'

/**
 * Time between two requests for one value, ms; it doubles with each that is not answered, up to
 * MAX_ASK_INTERVAL.
 */
const MIN_ASK_INTERVAL = 250
const MAX_ASK_INTERVAL = 2_000

/** Subscribes to heartbeats and requests of other processes; called once, when the engine is made. */
export function listen<Socket>(live: LiveState<Socket>): void {
  const { relay } = live.deps
  if (relay === null) return
  relay.subscribe(WANT_TOPIC, (text) => {
    guarded(live, 'answering another process', () => {
      for (const want of parseWants(text)) answerWant(live, want)
    })
  })
  relay.subscribe(BEAT_TOPIC, (text) => {
    const beat = parseBeat(text)
    if (beat !== null) live.ephemeral.heardAt.set(beat.epoch, live.deps.clock.now())
  })
}

/**
 * Called when a session here reads the channel: follows its publisher from now on. Does nothing if it is
 * followed already.
 */
export function follow<Socket>(
  live: LiveState<Socket>,
  channel: Channel<Socket>,
  source: EphemeralSource,
): void {
  const place = parseChannelKey(channel.key)
  if (place === null) throw new Error(`not a channel key: ${channel.key}`)
  const value = live.ephemeral.get(channel.key) ?? new EphemeralValue(channel.key, source, place)
  if (value.unsubscribe !== null) return
  live.ephemeral.add(value)
  const take = (text: string) => {
    guarded(live, `hearing of ${value.key}`, () => takeText(live, value, text))
    flushFeeds(live)
  }
  value.unsubscribe = live.deps.relay?.subscribe(topicOfValue(value.key), take) ?? NOTHING
  if (value.served !== null) return
  value.stale = { since: null }
  ask(live, value)
}

/** Repeats requests that were not answered; the request or the answer may have been lost. */
export function retryWants<Socket>(live: LiveState<Socket>): void {
  for (const value of live.ephemeral.unansweredWants) ask(live, value)
  sendPendingWants(live)
}

/** Sends the requests that were collected. */
export function sendPendingWants<Socket>(live: LiveState<Socket>): void {
  const { pendingWants } = live.ephemeral
  if (pendingWants.size === 0) return
  sendWants(live, [...pendingWants].map(wantOf))
  pendingWants.clear()
}

/** Renews the requests for all channels that are read here, so that their publishers keep sending. */
export function renewWants<Socket>(live: LiveState<Socket>): void {
  const wants: Want[] = []
  for (const value of live.ephemeral.all()) {
    // Also for values that are published here: another process may have begun later without being heard.
    if (value.unsubscribe !== null) wants.push(wantOf(value))
  }
  live.ephemeral.pendingWants.clear()
  sendWants(live, wants)
}

/**
 * To be called when the followed publisher has ended or was silent for too long. If this process publishes
 * the channel too, its own value is served again; otherwise the value is stale.
 */
export function publisherGone<Socket>(live: LiveState<Socket>, value: EphemeralValue, since: Millis): void {
  if (value.followed === null || value.followed.isGone) return
  const { served } = value
  value.followed.isGone = true
  if (value.served !== served) publishSnapshot(live, value)
  else if (served === value.followed) markStale(live, value, since)
}

function takeText<Socket>(live: LiveState<Socket>, value: EphemeralValue, text: string): void {
  const joined = joinText(value.assembly, text)
  value.assembly = joined.assembly
  const message = joined.whole === null ? null : parseValueText(joined.whole)
  if (message === null || message.key !== value.key) return
  live.ephemeral.heardAt.set(message.epoch, live.deps.clock.now())
  takeMessage(live, value, message)
}

function takeMessage<Socket>(live: LiveState<Socket>, value: EphemeralValue, message: ValueText): void {
  const { own, followed } = value
  if (own !== null && !isNewer(message, own.origin)) return
  if (followed !== null && !followed.isGone && isNewer(followed.origin, message)) return
  const known = followed !== null && isSameOrigin(followed.origin, message) ? followed.document : null
  switch (message.type) {
    case 'full':
      if (known !== null && message.seq <= known.seq) markCurrent(live, value)
      else begin(live, value, message, new LiveDocument(message, live.deps.limits.marks))
      return
    case 'delta':
      if (known === null || message.from > known.seq) {
        noteGap(live, value)
        return
      }
      if (message.seq > known.seq) {
        const patch = { changes: message.changes, removed: message.removed }
        known.apply(message.seq, patch)
        if (value.served === followed) queuePatch(live, value, patch)
      }
      markCurrent(live, value)
      return
    case 'at':
      if (known === null || message.seq > known.seq) noteGap(live, value)
      else markCurrent(live, value)
      return
    case 'begin':
      if (known === null) noteGap(live, value)
      return
    case 'end':
      if (known !== null) publisherGone(live, value, live.deps.clock.now())
      return
    default:
      message satisfies never
  }
}

/** Adopts another publisher, or a state of the same one to which no known delta leads. */
function begin<Socket>(
  live: LiveState<Socket>,
  value: EphemeralValue,
  { epoch, begun }: ValueText,
  document: LiveDocument,
): void {
  value.followed = { origin: { epoch, begun }, document, isGone: false }
  answered(live, value)
  publishSnapshot(live, value)
}

/** To be called when this process is known to have all that the followed publisher has sent. */
function markCurrent<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  const { served, followed } = value
  answered(live, value)
  if (followed !== null) followed.isGone = false
  if (value.served !== served) publishSnapshot(live, value)
  else if (served === followed) markFresh(live, value)
}

function answered<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  value.gapSince = null
  value.attempts = 0
  live.ephemeral.unansweredWants.delete(value)
}

/** To be called for a text that does not follow what is known here. */
function noteGap<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  value.gapSince ??= live.deps.clock.now()
  ask(live, value)
}

function ask<Socket>(live: LiveState<Socket>, value: EphemeralValue): void {
  const now = live.deps.clock.now()
  live.ephemeral.unansweredWants.add(value)
  if (now - value.askedAt < Math.min(MAX_ASK_INTERVAL, MIN_ASK_INTERVAL * 2 ** (value.attempts - 1))) return
  value.askedAt = now
  value.attempts += 1
  live.ephemeral.pendingWants.add(value)
}

function wantOf(value: EphemeralValue): Want {
  const { key, served, followed, gapSince, seq } = value
  if (served === null) return { key, epoch: 0, begun: 0, seq: 0, mode: 'anybody' }
  const isGone = served === followed && followed.isGone
  return { key, ...served.origin, seq, mode: isGone ? 'anybody' : gapSince === null ? 'renew' : 'answer' }
}

function sendWants<Socket>(live: LiveState<Socket>, wants: readonly Want[]): void {
  for (const text of printWants(wants)) live.deps.relay?.publish(WANT_TOPIC, text)
}

/** The relay calls this, and must not fail because of a text. */
function guarded<Socket>(live: LiveState<Socket>, during: string, work: () => void): void {
  try {
    work()
  } catch (cause) {
    live.deps.defect(cause, during)
  }
}

const NOTHING = () => {}
