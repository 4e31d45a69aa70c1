import { Panel } from '../../../../web/components/panel.tsx'
import { useThrottled } from '../../../../web/components/throttled.ts'
import { formatCount, formatCounted } from '../../../../web/format.ts'
import { SCORE_PARTS } from '../state/devices.ts'
import { MAX_PARTS, PART_MEANINGS } from '../state/explain.ts'
import { ScoreBar } from './score-parts.tsx'
import { useRewards } from './use-rewards.ts'

/** Between two changes, in ms. */
const CHANGE_INTERVAL = 1000

/** The quality of the connections: devices online by their score. */
export function ScoreHistogram() {
  const { network } = useRewards()
  const buckets = useThrottled(network.scores, CHANGE_INTERVAL).value
  const all = buckets.reduce((sum, count) => sum + count, 0)
  const max = Math.max(1, ...buckets)
  return (
    <Panel
      title="Scores"
      class="scores"
      aside={<span class="quiet">{formatCounted(all, 'device')}, 0 to 1,000</span>}
    >
      {all === 0 ? (
        <p class="empty">No scores yet. A device gets its score with its first report.</p>
      ) : (
        <ol class="columns">
          {buckets.map((count, i) => (
            <li key={i} class="column" title={`${i * 100} to ${i * 100 + 99}: ${formatCount(count)}`}>
              <span class="column-count">{count === 0 ? '' : formatCount(count)}</span>
              <span class="column-fill" aria-hidden="true" style={{ '--part': (count / max).toFixed(4) }} />
              <span class="column-name">{i * 100}</span>
            </li>
          ))}
        </ol>
      )}
      <div class="scores-how">
        <p class="quiet small">A score is the sum of four parts:</p>
        <ScoreBar parts={MAX_PARTS} />
        <ul class="score-key">
          {SCORE_PARTS.map((part) => (
            <li key={part} class={`score-${part}`}>
              <b>{PART_MEANINGS[part].max}</b> {PART_MEANINGS[part].label.toLowerCase()},{' '}
              <span class="quiet">{PART_MEANINGS[part].how}</span>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  )
}
