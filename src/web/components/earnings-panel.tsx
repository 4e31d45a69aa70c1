import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { amountAt, type GrowingAmount } from '../../client/amount.ts'
import { formatRate } from '../format.ts'
import type { AccountModel } from '../state/account-model.ts'
import { NO_AMOUNT } from '../state/fields.ts'
import { INTERVAL_SPANS, INTERVALS, type Interval } from '../state/history.ts'
import { createHistory, type HistoryModel, type HistoryState } from '../state/history-model.ts'
import type { Rest } from '../state/rest.ts'
import { Amount } from './amount.tsx'
import { useApp } from './app-context.ts'
import { ErrorText } from './error-text.tsx'
import { HistoryChart } from './history-chart.tsx'
import { HistoryTable } from './history-table.tsx'
import { Panel } from './panel.tsx'

type EarningsPanelProps = { readonly account: AccountModel; readonly rest: Rest }

/** What the user has earned: the sum, ticking, and how it came about. */
export function EarningsPanel({ account, rest }: EarningsPanelProps) {
  const { clock } = useApp()
  const history = useMemo(() => createHistory(rest, clock.now), [rest, clock])
  useEffect(() => history.start(), [history])
  const rate = useComputed(() => formatRate(account.total.value.rate_per_second))
  return (
    <Panel title="Earnings" class="earnings" aside={<Intervals history={history} />}>
      <p class="earnings-total">
        <span class="figure-large">
          <Amount of={account.total} />
        </span>
        <span class="quiet">points in total, now {rate} an hour</span>
      </p>
      <History history={history} total={account.total} />
    </Panel>
  )
}

function Intervals({ history }: { readonly history: HistoryModel }) {
  return (
    <fieldset class="segments">
      <legend class="unseen">Interval of the history</legend>
      {INTERVALS.map((interval) => (
        <label key={interval}>
          <input
            type="radio"
            name="interval"
            checked={history.interval.value === interval}
            onChange={() => history.show(interval)}
          />
          <span>{NAMES[interval]}</span>
        </label>
      ))}
    </fieldset>
  )
}

const NAMES: { readonly [I in Interval]: string } = {
  hour: 'Hours',
  day: 'Days',
  week: 'Weeks',
  month: 'Months',
}

type HistoryProps = {
  readonly history: HistoryModel
  readonly total: ReadonlySignal<GrowingAmount>
}

function History({ history, total }: HistoryProps) {
  const sum = useComputed(() => sumOf(history.state.value, total.value))
  const state = history.state.value
  switch (state.status) {
    case 'loading':
      return <p class="history-space empty">Loading the {INTERVAL_SPANS[history.interval.value]}…</p>
    case 'failed':
      return (
        <div class="history-space">
          <ErrorText error={state.error} />
          <button type="button" class="button button-small" onClick={() => history.refresh()}>
            Load again
          </button>
        </div>
      )
    case 'ready':
      return (
        <>
          <HistoryChart interval={state.interval} items={state.items} sum={sum} />
          <HistoryTable interval={state.interval} items={state.items} />
        </>
      )
    default:
      return state satisfies never
  }
}

/** What the intervals add up to; it grows on until they are asked for again. */
function sumOf(state: HistoryState, total: GrowingAmount): GrowingAmount {
  if (state.status !== 'ready') return NO_AMOUNT
  const sum = state.items.reduce((all, item) => all + item.total, 0n)
  // The server's time is an estimate here: what is part of the total must not look larger than it.
  const most = amountAt(total, state.asOf)
  const base = sum < most ? sum : most
  return { base: base.toString(), rate_per_second: total.rate_per_second, as_of: state.asOf }
}
