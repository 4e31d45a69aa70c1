import type { Millis } from '../../core/clock.ts'
import type { LiveState } from '../state.ts'
import { publisherGone, renewWants } from './follow.ts'
import { markStale } from './readers.ts'
import { printBeat } from './texts.ts'
import { BEAT_TOPIC } from './value.ts'

/** A publisher says once a second that it lives; one that was not heard for so long is taken for gone, ms. */
const PUBLISHER_TIMEOUT = 4_000

/** Between two times that this process says what it wants to hear, ms. */
const RENEW_INTERVAL = 2_000

/** Publishers of which nothing was heard for so long are forgotten, ms. */
const FORGET_AFTER = 60_000

/** What is due about once a second for ephemeral channels. */
export function sweepEphemeral<Socket>(live: LiveState<Socket>, now: Millis): void {
  const { ephemeral } = live
  if (ephemeral.published > 0) live.deps.relay?.publish(BEAT_TOPIC, printBeat({ epoch: ephemeral.epoch }))
  for (const value of ephemeral.all()) {
    const { own, followed, gapSince } = value
    // Nobody reads it here or elsewhere: the board alone has it.
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
