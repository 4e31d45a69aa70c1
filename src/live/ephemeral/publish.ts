import { type AppError, appError } from '../../core/errors.ts'
import { type ChannelKey, parseChannelKey } from '../../core/ids.ts'
import { isEmptyPatch, type Patch } from '../../core/patch.ts'
import { PatchBuilder } from '../../core/patch-builder.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { isEphemeral } from '../positions.ts'
import { parameterCount } from '../sources.ts'
import type { LiveState } from '../state.ts'
import { relayPatch, sendText } from './own.ts'
import { markStale, publishSnapshot, queuePatch } from './readers.ts'
import { type EphemeralPosition, EphemeralValue, type OwnValue } from './value.ts'

/** See `Engine.publish`. */
export function publishPatch<Socket>(
  live: LiveState<Socket>,
  key: ChannelKey,
  patch: Patch,
): Result<EphemeralPosition> {
  const found = findOrAdd(live, key)
  if (!found.ok) return found
  const value = found.value
  const { served } = value
  const { epoch } = live.ephemeral
  // The first patch may be empty: it makes this process the publisher.
  if (value.own !== null && isEmptyPatch(patch)) return ok({ epoch, seq: value.own.seq })
  const own = value.own ?? beginOwn(live, value)
  live.ephemeral.seq += 1
  own.seq = live.ephemeral.seq
  own.document?.apply(own.seq, patch)
  relayPatch(live, value, own, patch)
  if (value.served === own) {
    if (served === own) queuePatch(live, value, patch)
    else publishSnapshot(live, value)
  }
  return ok({ epoch, seq: own.seq })
}

/** See `Engine.unpublish`. */
export function unpublish<Socket>(live: LiveState<Socket>, key: ChannelKey): void {
  const value = live.ephemeral.get(key)
  const own = value?.own ?? null
  if (value === undefined || own === null) return
  const wasServed = value.served === own
  value.own = null
  live.ephemeral.published -= 1
  live.ephemeral.relaying.delete(value)
  sendText(live, { type: 'end', key, ...own.origin })
  if (wasServed && value.unsubscribe !== null) loseOwn(live, value, own)
  live.ephemeral.dropUnused(value)
}

/**
 * To be called when the value that sessions here read is no longer published here. It remains as the last
 * known one, until another publisher answers.
 */
function loseOwn<Socket>(live: LiveState<Socket>, value: EphemeralValue, own: OwnValue): void {
  const { document, origin } = own
  value.followed = document === null ? null : { origin, document, isGone: true }
  markStale(live, value, live.deps.clock.now())
}

function beginOwn<Socket>(live: LiveState<Socket>, value: EphemeralValue): OwnValue {
  const { epoch } = live.ephemeral
  const own: OwnValue = {
    origin: { epoch, begun: live.deps.clock.now() },
    seq: live.ephemeral.seq,
    document: null,
    wantedUntil: Number.NEGATIVE_INFINITY,
    relayedSeq: live.ephemeral.seq,
    relayedAt: Number.NEGATIVE_INFINITY,
    waiting: new PatchBuilder(),
  }
  value.own = own
  // The publisher that was followed began earlier.
  value.followed = null
  value.gapSince = null
  live.ephemeral.unansweredWants.delete(value)
  live.ephemeral.published += 1
  // Processes that read the channel will request it, and an earlier publisher learns that it was replaced.
  sendText(live, { type: 'begin', key: value.key, ...own.origin })
  return own
}

function findOrAdd<Socket>(live: LiveState<Socket>, key: ChannelKey): Result<EphemeralValue> {
  const known = live.ephemeral.get(key)
  if (known !== undefined) return ok(known)
  const place = parseChannelKey(key)
  const source = place === null ? undefined : live.sources.get(place.name)
  if (place === null || source === undefined || !isEphemeral(source)) return fail(noSuchChannel(key))
  if (source.name !== place.name || place.parameters.length !== parameterCount(source))
    return fail(noSuchChannel(key))
  if (live.ephemeral.published >= live.deps.limits.channels) return fail(tooMany(live))
  const value = new EphemeralValue(key, source, place)
  live.ephemeral.add(value)
  return ok(value)
}

function noSuchChannel(key: ChannelKey): AppError {
  return appError('EntityNotFound', `no ephemeral channel has the key ${key}`)
}

function tooMany<Socket>(live: LiveState<Socket>): AppError {
  const text = `this process publishes ${live.deps.limits.channels} channels, which is as many as it may`
  return appError('ServiceUnavailable', text)
}
