import { type ReadonlySignal, useComputed } from '@preact/signals'
import { amountAt, type GrowingAmount } from '../../client/amount.ts'
import { decimalsFor, splitPoints } from '../format.ts'
import { useApp } from './app-context.ts'

type AmountProps = {
  readonly of: ReadonlySignal<GrowingAmount>
  /** `calm` where many of them stand together. */
  readonly pace?: 'frame' | 'calm'
}

/** Points that grow before one's eyes. Only two text nodes change; nothing is compared. */
export function Amount({ of, pace = 'frame' }: AmountProps) {
  const { clock } = useApp()
  const split = useComputed(() =>
    splitPoints(amountAt(of.value, clock[pace].value), decimalsFor(of.value.rate_per_second)),
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
