import { isEmptyPatch, type Patch } from '../../core/patch.ts'
import { LiveDocument } from '../document.ts'
import type { EphemeralState } from '../state.ts'
import { splitText } from './parts.ts'
import type { ValueText, Want } from './texts.ts'
import { type EphemeralValue, isNewer, isSameOrigin, type OwnValue, topicOfValue } from './value.ts'

/**
 * How long other processes are sent a value after their last request, ms. They renew it every two seconds.
 */
const WANT_TIMEOUT = 7_000

/** Least time between two texts of one value, ms; patches in between are merged. */
const RELAY_INTERVAL = 100

/**
 * Returns the document that sessions here are served, loaded from the board if this process publishes it;
 * null if it is not known.
 */
export function servedDocument(
  { deps }: { readonly deps: Pick<EphemeralState['deps'], 'limits'> },
  value: EphemeralValue,
): LiveDocument | null {
  const { served, own } = value
  if (served === null) return null
  return served === own ? ownDocument(value, own, deps.limits.marks) : served.document
}

function ownDocument({ source, place }: EphemeralValue, own: OwnValue, marks: number): LiveDocument {
  own.document ??= new LiveDocument({ seq: own.seq, data: source.load(place.scope, place.parameters) }, marks)
  return own.document
}

/** Sends a patch to other processes: at once if the value was quiet, otherwise by `relayAll`. */
export function relayPatch(live: EphemeralState, value: EphemeralValue, own: OwnValue, patch: Patch): void {
  const now = live.deps.clock.now()
  if (now >= own.wantedUntil) {
    own.relayedSeq = own.seq
    return
  }
  own.waiting.add(patch)
  if (now - own.relayedAt >= RELAY_INTERVAL) relayWaiting(live, value, own)
  else live.ephemeral.relaying.add(value)
}

/** Sends what waits for other processes, of all values. */
export function relayAll(live: EphemeralState): void {
  const { relaying } = live.ephemeral
  for (const value of relaying) if (value.own !== null) relayWaiting(live, value, value.own)
  relaying.clear()
}

function relayWaiting(live: EphemeralState, value: EphemeralValue, own: OwnValue): void {
  const from = own.relayedSeq
  const patch = own.waiting.take()
  live.ephemeral.relaying.delete(value)
  own.relayedSeq = own.seq
  if (from === own.seq || isEmptyPatch(patch)) return
  own.relayedAt = live.deps.clock.now()
  const { origin, seq } = own
  sendText(live, { type: 'delta', key: value.key, ...origin, from, seq, ...patch })
}

/** Serves the request of another process for a value: sends what it lacks, and from now on what changes. */
export function answerWant(live: EphemeralState, want: Want): void {
  const value = live.ephemeral.get(want.key)
  const own = value?.own ?? null
  const { key, epoch, begun } = want
  // It missed the `end` of this publication.
  if (epoch === live.ephemeral.epoch && own?.origin.begun !== begun)
    sendText(live, { type: 'end', key, epoch, begun })
  if (value === undefined || own === null) return
  const isOwn = isSameOrigin(own.origin, want)
  // It follows another publisher that began later, which will answer.
  if (!isOwn && want.mode !== 'anybody' && isNewer(want, own.origin)) return
  own.wantedUntil = live.deps.clock.now() + WANT_TIMEOUT
  const before = own.relayedSeq
  const document = ownDocument(value, own, live.deps.limits.marks)
  relayWaiting(live, value, own)
  const { origin, seq } = own
  if (isOwn && want.seq <= seq) {
    if (want.seq === seq && want.mode !== 'renew') sendText(live, { type: 'at', key, ...origin, seq })
    // The delta that was just sent is all that it lacks.
    if (want.seq >= before) return
    const patch = document.deltaSince(want.seq)
    if (patch !== null) {
      sendText(live, { type: 'delta', key, ...origin, from: want.seq, seq, ...patch })
      return
    }
  }
  sendText(live, { type: 'full', key, ...origin, seq, data: document.value() })
}

export function sendText(live: EphemeralState, text: ValueText): void {
  const { relay } = live.deps
  if (relay === null) return
  live.ephemeral.texts += 1
  const id = `${live.ephemeral.epoch.toString(36)}-${live.ephemeral.texts.toString(36)}`
  const parts = splitText(JSON.stringify(text), id)
  if (parts === null) {
    live.deps.defect(new RangeError('a value is too large for the relay'), `relaying ${text.key}`)
    return
  }
  const topic = topicOfValue(text.key)
  for (const part of parts) relay.publish(topic, part)
}
