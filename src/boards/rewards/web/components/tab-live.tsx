import { useComputed } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Amount } from '../../../../web/components/amount.tsx'
import { Name } from '../../../../web/components/name.tsx'
import { useShell } from '../../../../web/components/shell-context.ts'
import { formatBytes, formatRtt, formatSpan } from '../../../../web/format.ts'
import { NO_AMOUNT } from '../../../../web/state/fields.ts'
import { type Explanation, explainEarning, explainScore } from '../state/explain.ts'
import { ScoreBar, ScoreLegend } from './score-parts.tsx'
import { useRewards } from './use-rewards.ts'

/** This tab as a device: what the server says of it, and what the tab measures itself. */
export function TabLive() {
  const { link } = useShell()
  const { mine, stopDevice } = useRewards()
  const id = useId()
  const device = useComputed(() => {
    const { value } = mine
    return value === null ? null : value.account.device(value.identity.browserId).value
  })
  const points = useComputed(() => device.value?.points ?? NO_AMOUNT)
  const seen = device.value
  const earning = link.isLive.value ? explainEarning(seen?.earning ?? 'offline') : NOT_LIVE
  return (
    <section class="panel card is-on" aria-labelledby={id}>
      <header class="tab-head">
        <h2 id={id}>This tab</h2>
        <span class={`status status-${earning.tone}`} title={earning.why}>
          {earning.label}
        </span>
      </header>
      <p class="tab-points">
        <span class="figure-large">
          <Amount of={points} />
        </span>
        <span class="quiet">
          {' '}
          points, as <Name text={seen?.name ?? 'a device'} />
        </span>
      </p>
      {earning.tone === 'warn' ? <p class="note note-warn">{earning.why}</p> : null}
      <div class="tab-score">
        <p class="tab-score-head">
          <span>Score</span>
          <b>{seen?.score ?? '—'}</b>
          <span class="quiet">of 1,000</span>
        </p>
        <ScoreBar parts={seen?.parts ?? null} />
        <ScoreLegend parts={seen?.parts ?? null} />
        <p class="quiet small">{explainScore(seen?.scoreState ?? 'unknown', seen?.paidScore ?? 0)}</p>
      </div>
      <Measurements />
      <div class="actions">
        <button type="button" class="button button-quiet" onClick={() => void stopDevice()}>
          Stop
        </button>
        <a class="link" href="#account">
          My devices and earnings
        </a>
      </div>
    </section>
  )
}

/**
 * While the connection is down the state of the device is unknown, and a device that is offline does not
 * earn.
 */
const NOT_LIVE: Explanation = {
  label: 'Reconnecting',
  why: 'The connection is down. This tab is a device again as soon as it is back.',
  tone: 'quiet',
}

/** What the tab measures of its own connection and reports every five seconds. */
function Measurements() {
  const { clock } = useShell()
  const { tab } = useRewards()
  const rtt = useComputed(() => {
    const quality = tab.quality.value
    return quality?.rtt == null ? '—' : formatRtt(quality.rtt)
  })
  const loss = useComputed(() => (tab.quality.value === null ? '—' : `${tab.quality.value.loss} %`))
  const traffic = useComputed(() => {
    const { received, sent } = tab.traffic.value
    return `${formatBytes(received)} in, ${formatBytes(sent)} out`
  })
  const online = useComputed(() => {
    const state = tab.state.value
    return state.status === 'on' ? formatSpan(clock.second.value - state.since) : '—'
  })
  return (
    <dl class="measured">
      <div>
        <dt>Round trip</dt>
        <dd>{rtt}</dd>
      </div>
      <div>
        <dt>Loss</dt>
        <dd>{loss}</dd>
      </div>
      <div>
        <dt>Reports</dt>
        <dd>{tab.reports}</dd>
      </div>
      <div>
        <dt>Online for</dt>
        <dd>{online}</dd>
      </div>
      <div class="measured-wide">
        <dt>Traffic</dt>
        <dd>{traffic}</dd>
      </div>
    </dl>
  )
}
