import { computed, type ReadonlySignal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'
import { openReadableChannels, type ReadableChannelsDeps } from './readable-channels.ts'

/** The channels of the present view. */
export type ShownChannels = {
  /** Server time of the newest message of any of them, in ms; null before the first. */
  readonly updatedAt: ReadonlySignal<Millis | null>
  /** Those whose values may be old although the connection is up, because their source was not heard. */
  readonly stale: ReadonlySignal<readonly StaleChannel[]>
}

/** `since`: server time, in ms; null: nothing was ever heard of it. */
export type StaleChannel = { readonly channel: string; readonly since: Millis | null }

/** Subscribes to the channels that are wanted, before the code of the view does. */
export function openShownChannels(deps: ReadableChannelsDeps): ShownChannels {
  const models = openReadableChannels(deps)
  return {
    updatedAt: computed(() => {
      const times = [...models.value.values()].flatMap(({ updatedAt }) => updatedAt.value ?? [])
      return times.length === 0 ? null : Math.max(...times)
    }),
    stale: computed(() =>
      [...models.value].flatMap(([channel, { status }]) =>
        status.value.type === 'stale' ? [{ channel, since: status.value.since }] : [],
      ),
    ),
  }
}
