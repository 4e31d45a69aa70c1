import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { GrowingAmount } from '../../../../client/amount.ts'
import { Amount } from '../../../../web/components/amount.tsx'
import type { BarChart, Bars } from '../../../../web/components/bar-chart.ts'
import { formatPointsFixed } from '../../../../web/format-points.ts'
import {
  axisLabel,
  type HistoryItem,
  INTERVAL_SPANS,
  type Interval,
  intervalLabel,
} from '../state/history.ts'

type HistoryChartProps = {
  readonly interval: Interval
  readonly items: readonly HistoryItem[]
  /** The sum of all items, growing. */
  readonly sum: ReadonlySignal<GrowingAmount>
}

/** Earnings as bars. The chart library is loaded with the first chart, because most visits need none. */
export function HistoryChart({ interval, items, sum }: HistoryChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<BarChart | null>(null)
  const newest = useRef({ interval, items })
  const hovered = useSignal<HistoryItem | null>(null)
  const isMissing = useSignal(false)
  newest.current = { interval, items }
  useEffect(() => {
    let isGone = false
    import('../../../../web/components/bar-chart.ts').then(
      ({ openBarChart }) => {
        if (isGone || place.current === null) return
        chart.current = openBarChart(place.current, (index) => {
          hovered.value = index === null ? null : (newest.current.items[index] ?? null)
        })
        chart.current.show(barsOf(newest.current.items, newest.current.interval))
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
  useEffect(() => chart.current?.show(barsOf(items, interval)), [items, interval])
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
          The chart could not be loaded. The table below has the same numbers; reload the page for the chart.
        </p>
      ) : (
        <div class="history-space" ref={place} aria-hidden="true" />
      )}
    </figure>
  )
}

function barsOf(items: readonly HistoryItem[], interval: Interval): Bars {
  return {
    bars: items.map(({ from, total }) => ({
      label: axisLabel(interval, from),
      value: Number(total) / 1_000_000,
    })),
    labelWidth: interval === 'month' ? 110 : 64,
  }
}
