import { type ReadonlySignal, useComputed } from '@preact/signals'
import { amountAt, type GrowingAmount } from '../../client/amount.ts'
import { decimalsFor, splitPoints } from '../format.ts'
import { useApp } from './app-context.ts'

/** Points that grow before one's eyes. Only two text nodes change; nothing is laid out or compared. */
export function Amount({ of }: { readonly of: ReadonlySignal<GrowingAmount> }) {
  const { clock } = useApp()
  const split = useComputed(() =>
    splitPoints(amountAt(of.value, clock.frame.value), decimalsFor(of.value.rate_per_second)),
  )
  const whole = useComputed(() => split.value.whole)
  const fraction = useComputed(() => split.value.fraction)
  return (
    <span class="amount">
      {whole}
      <span class="amount-fraction">{fraction}</span>
    </span>
  )
}
