import type { Millis } from '../../core/clock.ts'
import type { LiveState } from '../state.ts'
import { publisherGone, renewWants } from './follow.ts'
import { markStale } from './readers.ts'
import { printBeat } from './texts.ts'
import { BEAT_TOPIC } from './value.ts'

/** Publishers send a heartbeat once a second. One that was silent for this long is considered gone, ms. */
const PUBLISHER_TIMEOUT = 4_000

/** Time between two renewals of what this process reads, ms. */
const RENEW_INTERVAL = 2_000

/** Publishers that were silent for this long are forgotten, ms. */
const FORGET_AFTER = 60_000

/** Does what is due about once a second for ephemeral channels. */
export function sweepEphemeral<Socket>(live: LiveState<Socket>, now: Millis): void {
  const { ephemeral } = live
  if (ephemeral.published > 0) live.deps.relay?.publish(BEAT_TOPIC, printBeat({ epoch: ephemeral.epoch }))
  for (const value of ephemeral.all()) {
    const { own, followed, gapSince } = value
    // No process reads it; the board alone has the value.
    if (own !== null && value.unsubscribe === null && now >= own.wantedUntil) own.document = null
    if (followed === null) continue
    const heardAt = ephemeral.heardAt.get(followed.origin.epoch) ?? 0
    if (now - heardAt > PUBLISHER_TIMEOUT) publisherGone(live, value, heardAt)
    else if (value.served === followed && gapSince !== null && now - gapSince > PUBLISHER_TIMEOUT)
      markStale(live, value, gapSince)
  }
  for (const [epoch, at] of ephemeral.heardAt) if (now - at > FORGET_AFTER) ephemeral.heardAt.delete(epoch)
  if (now - ephemeral.renewedAt < RENEW_INTERVAL) return
  ephemeral.renewedAt = now
  renewWants(live)
}
