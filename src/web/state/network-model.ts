import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { GrowingAmount } from '../../client/amount.ts'
import type { Client } from '../../client/api.ts'
import type { Clock, Millis } from '../../core/clock.ts'
import type { ChannelModel } from './channel-model.ts'
import { openChannel } from './channel-model.ts'
import { amountIn, numberIn, objectIn, textIn } from './fields.ts'
import type { LinkModel } from './link-model.ts'
import { addSample, type Sample } from './samples.ts'
import { type Arrival, type CountryShare, listArrivals, rankCountries, scoreBuckets } from './summary.ts'

/** `rewards.summary`, in the pieces that the page shows; each changes alone. */
export type NetworkModel = {
  readonly channel: ChannelModel
  readonly isLoaded: ReadonlySignal<boolean>
  readonly online: ReadonlySignal<number>
  readonly earning: ReadonlySignal<number>
  readonly devices: ReadonlySignal<number>
  readonly users: ReadonlySignal<number>
  /** Exact decimal text, in points. */
  readonly pointsPerHour: ReadonlySignal<string>
  readonly total: ReadonlySignal<GrowingAmount>
  readonly countries: ReadonlySignal<readonly CountryShare[]>
  readonly arrivals: ReadonlySignal<readonly Arrival[]>
  readonly scores: ReadonlySignal<readonly number[]>
  /** Devices online, once a second over the last minutes; collected here, so it begins with the page. */
  readonly history: ReadonlySignal<readonly Sample[]>
}

/** Subscribes, and samples for as long as the page lives. */
export function createNetworkModel(client: Client, link: LinkModel, clock: Clock): NetworkModel {
  const channel = openChannel(client, 'rewards.summary')
  const { value } = channel
  // One step for the part of the document, one for what is made of it: the second runs only when the part changed.
  const countries = computed(() => objectIn(value.value, 'countries'))
  const arrivals = computed(() => objectIn(value.value, 'arrivals'))
  const scores = computed(() => objectIn(value.value, 'scores'))
  const total = computed(() => objectIn(value.value, 'total'))
  const online = computed(() => numberIn(value.value, 'online'))
  const history = signal<readonly Sample[]>([])
  const sample = () => {
    const known = link.isLive.peek() && value.peek() !== null
    history.value = addSample(
      history.peek(),
      { at: clock.now(), value: known ? online.peek() : null },
      HISTORY_SPAN,
    )
  }
  setInterval(sample, SAMPLE_PAUSE)
  return {
    channel,
    isLoaded: computed(() => value.value !== null),
    online,
    earning: computed(() => numberIn(value.value, 'earning')),
    devices: computed(() => numberIn(value.value, 'devices')),
    users: computed(() => numberIn(value.value, 'users')),
    pointsPerHour: computed(() => textIn(value.value, 'points_per_hour')),
    total: computed(() => amountIn({ total: total.value }, 'total')),
    countries: computed(() => rankCountries(countries.value)),
    arrivals: computed(() => listArrivals(arrivals.value)),
    scores: computed(() => scoreBuckets(scores.value)),
    history,
  }
}

/** What the line of the last minutes covers. */
export const HISTORY_SPAN: Millis = 5 * 60_000
const SAMPLE_PAUSE: Millis = 1000
