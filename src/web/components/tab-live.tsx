import { useComputed } from '@preact/signals'
import { formatBytes, formatRtt, formatSpan } from '../format.ts'
import { type Explanation, explainEarning, explainScore } from '../state/explain.ts'
import { NO_AMOUNT } from '../state/fields.ts'
import { Amount } from './amount.tsx'
import { useApp } from './app-context.ts'
import { ScoreBar, ScoreLegend } from './score-parts.tsx'

/** This tab as the server sees it, beside what the tab measures itself. */
export function TabLive() {
  const { link, signedIn, stopDevice } = useApp()
  const device = useComputed(() => {
    const { value } = signedIn
    return value === null ? null : value.account.device(value.identity.deviceId).value
  })
  const points = useComputed(() => device.value?.points ?? NO_AMOUNT)
  const seen = device.value
  const earning = link.isLive.value ? explainEarning(seen?.earning ?? 'offline') : NOT_LIVE
  return (
    <section class="panel tab-card is-on" aria-labelledby="tab-title">
      <header class="tab-head">
        <h2 id="tab-title">This tab</h2>
        <span class={`status status-${earning.tone}`} title={earning.why}>
          {earning.label}
        </span>
      </header>
      <p class="tab-points">
        <span class="figure-large">
          <Amount of={points} />
        </span>
        <span class="quiet"> points, as {seen?.name ?? 'a device'}</span>
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
      <Measured />
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

/** While the link is down nobody knows what the server sees, and a device that is not connected does not earn. */
const NOT_LIVE: Explanation = {
  label: 'Reconnecting',
  why: 'The connection is down. This tab is a device again as soon as it is back.',
  tone: 'quiet',
}

/** What the tab finds out about its own connection; the server is told every five seconds. */
function Measured() {
  const { tab, clock } = useApp()
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
        <dt>Bytes</dt>
        <dd>{traffic}</dd>
      </div>
    </dl>
  )
}
