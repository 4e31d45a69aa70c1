import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { amountAt, type GrowingAmount } from '../../../../client/amount.ts'
import { Amount } from '../../../../web/components/amount.tsx'
import { ErrorText } from '../../../../web/components/error-text.tsx'
import { Panel } from '../../../../web/components/panel.tsx'
import { useShell } from '../../../../web/components/shell-context.ts'
import { NO_AMOUNT } from '../../../../web/state/fields.ts'
import type { Rest } from '../../../../web/state/rest.ts'
import { formatRate } from '../format.ts'
import type { AccountModel } from '../state/account-model.ts'
import { INTERVAL_SPANS, INTERVALS, type Interval } from '../state/history.ts'
import { createHistory, type HistoryModel, type HistoryState } from '../state/history-model.ts'
import { HistoryChart } from './history-chart.tsx'
import { HistoryTable } from './history-table.tsx'

type EarningsPanelProps = { readonly account: AccountModel; readonly rest: Rest }

/** What the user has earned: the total, which grows, and its history. */
export function EarningsPanel({ account, rest }: EarningsPanelProps) {
  const { clock } = useShell()
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

/** Returns the sum of the intervals, which grows until they are loaded again. */
function sumOf(state: HistoryState, total: GrowingAmount): GrowingAmount {
  if (state.status !== 'ready') return NO_AMOUNT
  const sum = state.items.reduce((all, item) => all + item.total, 0n)
  // The server's time is an estimate: the sum must not look larger than the total that it is a part of.
  const max = amountAt(total, state.asOf)
  const base = sum < max ? sum : max
  return { base: base.toString(), rate_per_second: total.rate_per_second, as_of: state.asOf }
}
