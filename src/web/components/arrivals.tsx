import { countryName } from '../format.ts'
import type { Arrival } from '../state/summary.ts'
import { Age } from './age.tsx'
import { useApp } from './app-context.ts'
import { CountryPlate } from './country.tsx'
import { Panel } from './panel.tsx'
import { useThrottled } from './throttled.ts'

const PAUSE = 500

/** Who came online last; at most so many. */
export function Arrivals({ most }: { readonly most: number }) {
  const { network } = useApp()
  const arrivals = useThrottled(network.arrivals, PAUSE).value.slice(0, most)
  return (
    <Panel title="Newest arrivals" class="arrivals">
      {arrivals.length === 0 ? (
        <p class="empty">The first device to come online will appear here.</p>
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
      {kind === 'new' ? <span class="tag tag-good">new</span> : <span class="tag">back</span>}
      <Age at={at} />
    </li>
  )
}
