import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { countryName, formatCount, formatShare } from '../format.ts'
import type { CountryShare } from '../state/summary.ts'
import { useApp } from './app-context.ts'
import { CountryPlate } from './country.tsx'
import { useFlip } from './flip.ts'
import { Panel } from './panel.tsx'
import { useThrottled } from './throttled.ts'

const SHOWN = 9
const RANKING_PAUSE = 1000

/** Where the devices are, by country of their address. */
export function Countries() {
  const { network } = useApp()
  const countries = useThrottled(network.countries, RANKING_PAUSE).value
  const all = useSignal(false)
  const list = useRef<HTMLOListElement>(null)
  const shown = all.value ? countries : countries.slice(0, SHOWN)
  const rest = countries.slice(shown.length)
  const most = countries[0]?.online ?? 1
  useFlip(list, shown.map(({ code }) => code).join())
  return (
    <Panel
      title="By country"
      class="countries"
      aside={<span class="quiet">{formatCount(countries.length)} in all, an estimate</span>}
    >
      {countries.length === 0 ? (
        <p class="empty">Nobody is online, so there is nothing to place yet.</p>
      ) : (
        <ol class="bars" ref={list}>
          {shown.map((country) => (
            <CountryBar key={country.code} country={country} most={most} />
          ))}
        </ol>
      )}
      {countries.length <= SHOWN ? null : (
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

function CountryBar({ country, most }: { readonly country: CountryShare; readonly most: number }) {
  const { code, online, share } = country
  return (
    <li class="bar">
      <CountryPlate code={code} />
      <span class="bar-name">{countryName(code)}</span>
      <span class="bar-count">{formatCount(online)}</span>
      <span class="bar-share">{formatShare(share, 1)}</span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ transform: `scaleX(${(online / most).toFixed(4)})` }} />
      </span>
    </li>
  )
}

function restText(rest: readonly CountryShare[]): string {
  const share = rest.reduce((sum, country) => sum + country.share, 0)
  return `${rest.length} more with ${formatShare(share, 1)}`
}
