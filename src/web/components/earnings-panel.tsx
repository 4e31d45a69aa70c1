import { useComputed } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { formatRate } from '../format.ts'
import type { AccountModel } from '../state/account-model.ts'
import { INTERVAL_SPANS, INTERVALS, type Interval } from '../state/history.ts'
import { type HistoryModel, openHistory } from '../state/history-model.ts'
import type { Rest } from '../state/rest.ts'
import { Amount } from './amount.tsx'
import { HistoryChart } from './history-chart.tsx'
import { HistoryTable } from './history-table.tsx'
import { Panel } from './panel.tsx'
import { ErrorText } from './tab-card.tsx'

type EarningsPanelProps = { readonly account: AccountModel; readonly rest: Rest }

/** What the user has earned: the sum, ticking, and how it came about. */
export function EarningsPanel({ account, rest }: EarningsPanelProps) {
  const history = useMemo(() => openHistory(rest), [rest])
  useEffect(() => () => history.close(), [history])
  const rate = useComputed(() => formatRate(account.total.value.rate_per_second))
  return (
    <Panel title="Earnings" class="earnings" aside={<Intervals history={history} />}>
      <p class="earnings-total">
        <span class="figure-large">
          <Amount of={account.total} />
        </span>
        <span class="quiet">points in total, now {rate} an hour</span>
      </p>
      <History history={history} />
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

function History({ history }: { readonly history: HistoryModel }) {
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
          <HistoryChart interval={state.interval} items={state.items} />
          <HistoryTable interval={state.interval} items={state.items} />
        </>
      )
    default:
      return state satisfies never
  }
}
