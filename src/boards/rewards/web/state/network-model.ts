import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { GrowingAmount } from '../../../../client/amount.ts'
import type { Client } from '../../../../client/api.ts'
import type { Clock, Millis } from '../../../../core/clock.ts'
import type { ChannelModel } from '../../../../web/state/channel-model.ts'
import { openChannel } from '../../../../web/state/channel-model.ts'
import { amountIn, numberIn, objectIn, textIn } from '../../../../web/state/fields.ts'
import type { LinkModel } from '../../../../web/state/link-model.ts'
import { addSample, type Sample } from '../../../../web/state/samples.ts'
import { type Arrival, type CountryShare, listArrivals, rankCountries, scoreBuckets } from './summary.ts'

/** `rewards.summary` in the parts that the page shows; each of them changes alone. */
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
  /**
   * Devices online over the last minutes, once a second. It is collected here, so it begins with the page.
   */
  readonly history: ReadonlySignal<readonly Sample[]>
}

/** Subscribes, and collects samples for as long as the page is open. */
export function createNetworkModel(client: Client, link: LinkModel, clock: Clock): NetworkModel {
  const channel = openChannel(client, 'rewards.summary')
  const { value } = channel
  // One signal for the part of the document, and one for what is made of it, which changes only when the part
  // does.
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
  setInterval(sample, SAMPLE_INTERVAL)
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

/** What the line of the last minutes covers, in ms. */
export const HISTORY_SPAN: Millis = 5 * 60_000
const SAMPLE_INTERVAL: Millis = 1000
