import { formatCount } from '../format.ts'
import { SCORE_PARTS } from '../state/devices.ts'
import { PART_MEANINGS } from '../state/explain.ts'
import { useApp } from './app-context.ts'
import { Panel } from './panel.tsx'
import { ScoreBar } from './score-parts.tsx'
import { useThrottled } from './throttled.ts'

const PAUSE = 1000
const MOST = { uptime: 400, loss: 250, latency: 200, stability: 150 }

/** How good the connections are: devices online by their score. */
export function ScoreHistogram() {
  const { network } = useApp()
  const buckets = useThrottled(network.scores, PAUSE).value
  const all = buckets.reduce((sum, count) => sum + count, 0)
  const most = Math.max(1, ...buckets)
  return (
    <Panel
      title="Scores"
      class="scores"
      aside={<span class="quiet">{formatCount(all)} scored, 0 to 1,000</span>}
    >
      {all === 0 ? (
        <p class="empty">No scores yet. A device is scored with its first report.</p>
      ) : (
        <ol class="columns">
          {buckets.map((count, i) => (
            <li key={i} class="column" title={`${i * 100} to ${i * 100 + 99}: ${formatCount(count)}`}>
              <span class="column-count">{count === 0 ? '' : formatCount(count)}</span>
              <span class="column-fill" aria-hidden="true" style={{ '--part': (count / most).toFixed(4) }} />
              <span class="column-name">{i * 100}</span>
            </li>
          ))}
        </ol>
      )}
      <div class="scores-how">
        <p class="quiet small">A score is the sum of four parts:</p>
        <ScoreBar parts={MOST} />
        <ul class="score-key">
          {SCORE_PARTS.map((part) => (
            <li key={part} class={`score-${part}`}>
              <b>{PART_MEANINGS[part].most}</b> {PART_MEANINGS[part].label.toLowerCase()},{' '}
              <span class="quiet">{PART_MEANINGS[part].how}</span>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  )
}
