import { formatCount } from '../format.ts'
import { useApp } from './app-context.ts'
import { Panel } from './panel.tsx'
import { useThrottled } from './throttled.ts'

const PAUSE = 1000

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
      aside={<span class="quiet">{formatCount(all)} scored, of 1,000 points</span>}
    >
      {all === 0 ? (
        <p class="empty">No scores yet. A device is scored with its first report.</p>
      ) : (
        <ol class="columns">
          {buckets.map((count, i) => (
            <li key={i} class="column" title={`${i * 100} to ${i * 100 + 99}: ${formatCount(count)}`}>
              <span class="column-count">{count === 0 ? '' : formatCount(count)}</span>
              <span
                class="column-fill"
                aria-hidden="true"
                style={{ '--part': (count / most).toFixed(4), '--tone': `${i * 10}%` }}
              />
              <span class="column-name">{i * 100}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}
