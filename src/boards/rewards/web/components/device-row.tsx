import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { Age, Ago } from '../../../../web/components/age.tsx'
import { Amount } from '../../../../web/components/amount.tsx'
import { Name } from '../../../../web/components/name.tsx'
import { formatRtt } from '../../../../web/format.ts'
import { NO_AMOUNT } from '../../../../web/state/fields.ts'
import { countryName, formatRate } from '../format.ts'
import type { DeviceView } from '../state/devices.ts'
import { explainEarning, explainScore } from '../state/explain.ts'
import { CountryPlate } from './country.tsx'
import { ScoreBar, ScoreLegend } from './score-parts.tsx'

type DeviceRowProps = {
  readonly device: ReadonlySignal<DeviceView | null>
  readonly ownDevice: ReadonlySignal<string | null>
}

/** One device. It is rendered again only when this device changes. */
export function DeviceRow({ device, ownDevice }: DeviceRowProps) {
  const points = useComputed(() => device.value?.points ?? NO_AMOUNT)
  const seen = device.value
  if (seen === null) return null
  const earning = explainEarning(seen.earning)
  const isOwn = ownDevice.value === seen.id
  return (
    <tr class={seen.online ? 'record device' : 'record device is-offline'} data-device={seen.id}>
      <th scope="row" class="record-name">
        <span>
          <Name text={seen.name} />
        </span>
        {isOwn ? <span class="tag tag-good">this tab</span> : null}
      </th>
      <td data-label="Location">
        <span class="device-place">
          <CountryPlate code={seen.country} />
          <span>
            {countryName(seen.country)}
            <span class="feed-sub mono">{seen.address}</span>
          </span>
        </span>
      </td>
      <td data-label="Status">
        <span class={`status status-${earning.tone}`}>{earning.label}</span>
        {earning.tone === 'warn' ? <span class="device-why">{earning.why}</span> : null}
      </td>
      <td data-label="Score" class="device-score">
        <Score device={seen} />
      </td>
      <td data-label="Connection">
        <Networks device={seen} />
      </td>
      <td data-label={seen.online ? 'Online for' : 'Last seen'} class="right">
        {seen.online ? <Age at={seen.connectedAt} /> : <Ago at={seen.lastSeenAt} />}
      </td>
      <td data-label="Points" class="right device-points">
        <Amount of={points} pace="calm" />
        <span class="feed-sub">
          {seen.points.rate_per_second === 0
            ? 'not earning'
            : `${formatRate(seen.points.rate_per_second)} an hour`}
        </span>
      </td>
    </tr>
  )
}

/** The parts are rendered when they are opened: those of a hundred devices are thousands of elements. */
function Score({ device }: { readonly device: DeviceView }) {
  const isOpen = useSignal(false)
  return (
    <details
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary aria-label={`Score ${device.score ?? 'unknown'}, show its parts`}>
        <b>{device.score ?? '—'}</b>
        <ScoreBar parts={device.parts} />
      </summary>
      {isOpen.value ? (
        <>
          <ScoreLegend parts={device.parts} />
          <p class="quiet small">{explainScore(device.scoreState, device.paidScore)}</p>
        </>
      ) : null}
    </details>
  )
}

function Networks({ device }: { readonly device: DeviceView }) {
  if (device.networks.length === 0) return <span class="quiet">no report yet</span>
  return (
    <>
      {device.networks.map(({ name, rtt, loss }) => (
        <span key={name} class="device-network">
          {formatRtt(rtt)}
          <span class="feed-sub">
            {loss} % loss on <Name text={name} />
          </span>
        </span>
      ))}
    </>
  )
}
