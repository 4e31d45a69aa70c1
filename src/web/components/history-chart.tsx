import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { GrowingAmount } from '../../client/amount.ts'
import { formatPointsFixed } from '../format.ts'
import { type HistoryItem, INTERVAL_SPANS, type Interval, intervalLabel } from '../state/history.ts'
import { Amount } from './amount.tsx'
import type { BarChart } from './bar-chart.ts'

type HistoryChartProps = {
  readonly interval: Interval
  readonly items: readonly HistoryItem[]
  /** Of all of them, growing. */
  readonly sum: ReadonlySignal<GrowingAmount>
}

/** Earnings as bars. The chart library is fetched only now: most visits never need it. */
export function HistoryChart({ interval, items, sum }: HistoryChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<BarChart | null>(null)
  const newest = useRef({ interval, items })
  const hovered = useSignal<HistoryItem | null>(null)
  const isMissing = useSignal(false)
  newest.current = { interval, items }
  useEffect(() => {
    let isGone = false
    import('./bar-chart.ts').then(
      ({ openBarChart }) => {
        if (isGone || place.current === null) return
        chart.current = openBarChart(place.current, (index) => {
          hovered.value = index === null ? null : (newest.current.items[index] ?? null)
        })
        chart.current.show(newest.current.items, newest.current.interval)
      },
      () => {
        isMissing.value = true
      },
    )
    return () => {
      isGone = true
      chart.current?.close()
      chart.current = null
    }
  }, [hovered, isMissing])
  useEffect(() => chart.current?.show(items, interval), [items, interval])
  const shown = hovered.value
  return (
    <figure class="history">
      <figcaption class="history-caption">
        {shown === null ? (
          <>
            <b>
              <Amount of={sum} />
            </b>{' '}
            in the {INTERVAL_SPANS[interval]}
          </>
        ) : (
          <>
            <b>{formatPointsFixed(shown.total, 4)}</b> {intervalLabel(interval, shown.from)} UTC
          </>
        )}
      </figcaption>
      {isMissing.value ? (
        <p class="history-space empty">
          The chart could not be loaded; the table below has the same numbers.
        </p>
      ) : (
        <div class="history-space" ref={place} aria-hidden="true" />
      )}
    </figure>
  )
}
