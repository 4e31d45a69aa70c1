import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { useFlip } from '../../../../web/components/flip.ts'
import { Panel } from '../../../../web/components/panel.tsx'
import { useThrottled } from '../../../../web/components/throttled.ts'
import { formatCount, formatCounted, formatShare } from '../../../../web/format.ts'
import { countryName } from '../format.ts'
import type { CountryShare } from '../state/summary.ts'
import { CountryPlate } from './country.tsx'
import { useRewards } from './use-rewards.ts'

/** Countries in the short list. */
const SHORT_LENGTH = 9
/** Between two changes of the ranking, in ms. */
const CHANGE_INTERVAL = 1000

/** The devices online by country, which is that of their address. */
export function Countries() {
  const { network } = useRewards()
  const countries = useThrottled(network.countries, CHANGE_INTERVAL).value
  const all = useSignal(false)
  const list = useRef<HTMLOListElement>(null)
  const shown = all.value ? countries : countries.slice(0, SHORT_LENGTH)
  const rest = countries.slice(shown.length)
  const max = countries[0]?.online ?? 1
  useFlip(list, shown.map(({ code }) => code).join())
  return (
    <Panel
      title="By country"
      class="countries"
      aside={<span class="quiet">{formatCounted(countries.length, 'country', 'countries')}, estimated</span>}
    >
      {countries.length === 0 ? (
        <p class="empty">No devices are online.</p>
      ) : (
        <ol class="bars" ref={list}>
          {shown.map((country) => (
            <CountryBar key={country.code} country={country} max={max} />
          ))}
        </ol>
      )}
      {countries.length <= SHORT_LENGTH ? null : (
        <p class="bars-more">
          {rest.length === 0 ? null : <span class="quiet">{restText(rest)}</span>}
          <button
            type="button"
            class="link"
            aria-expanded={all.value}
            onClick={() => {
              all.value = !all.value
            }}
          >
            {all.value ? 'Show fewer' : 'Show all'}
          </button>
        </p>
      )}
    </Panel>
  )
}

function CountryBar({ country, max }: { readonly country: CountryShare; readonly max: number }) {
  const { code, online, share } = country
  return (
    <li class="bar">
      <CountryPlate code={code} />
      <span class="bar-name">{countryName(code)}</span>
      <span class="bar-count">{formatCount(online)}</span>
      <span class="bar-share">{formatShare(share, 1)}</span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ transform: `scaleX(${(online / max).toFixed(4)})` }} />
      </span>
    </li>
  )
}

function restText(rest: readonly CountryShare[]): string {
  const share = rest.reduce((sum, country) => sum + country.share, 0)
  return `${rest.length} more with ${formatShare(share, 1)}`
}
