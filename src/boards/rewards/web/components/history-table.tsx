import { formatPointsFixed } from '../../../../web/format-points.ts'
import { type HistoryItem, INTERVAL_SPANS, type Interval, intervalLabel } from '../state/history.ts'

type HistoryTableProps = { readonly interval: Interval; readonly items: readonly HistoryItem[] }

/** The numbers of the chart, newest first, for readers who cannot see it or want to be exact. */
export function HistoryTable({ interval, items }: HistoryTableProps) {
  return (
    <details class="history-table">
      <summary>Show as a table</summary>
      <div class="table-scroll">
        <table>
          <caption class="unseen">Points earned, {INTERVAL_SPANS[interval]}, times in UTC</caption>
          <thead>
            <tr>
              <th scope="col">Interval (UTC)</th>
              <th scope="col" class="right">
                Points
              </th>
              <th scope="col" class="right">
                Provisional
              </th>
            </tr>
          </thead>
          <tbody>
            {[...items].reverse().map(({ from, total, provisional }) => (
              <tr key={from}>
                <th scope="row">{intervalLabel(interval, from)}</th>
                <td class="right">{total === 0n ? '0' : formatPointsFixed(total, 4)}</td>
                <td class="right">{provisional === 0n ? '0' : formatPointsFixed(provisional, 4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
