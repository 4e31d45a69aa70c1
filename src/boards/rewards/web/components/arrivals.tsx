import { Age } from '../../../../web/components/age.tsx'
import { Panel } from '../../../../web/components/panel.tsx'
import { useThrottled } from '../../../../web/components/throttled.ts'
import { countryName } from '../format.ts'
import type { Arrival } from '../state/summary.ts'
import { CountryPlate } from './country.tsx'
import { useRewards } from './use-rewards.ts'

/** Between two changes of the list, in ms. */
const CHANGE_INTERVAL = 500

/** The devices that came online last, `max` of them at most. */
export function Arrivals({ max }: { readonly max: number }) {
  const { network } = useRewards()
  const arrivals = useThrottled(network.arrivals, CHANGE_INTERVAL).value.slice(0, max)
  return (
    <Panel title="Newest arrivals" class="arrivals">
      {arrivals.length === 0 ? (
        <p class="empty">Devices that come online are listed here.</p>
      ) : (
        <ul class="feed">
          {arrivals.map((arrival) => (
            <ArrivalLine key={arrival.n} arrival={arrival} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function ArrivalLine({ arrival }: { readonly arrival: Arrival }) {
  const { country, network, kind, at } = arrival
  return (
    <li class="feed-line enters">
      <CountryPlate code={country} />
      <span class="feed-main">
        <span class="feed-title">{countryName(country)}</span>
        <span class="feed-sub mono">{network}</span>
      </span>
      {kind === 'new' ? <span class="tag tag-good">new</span> : <span class="tag">returning</span>}
      <Age at={at} />
    </li>
  )
}
