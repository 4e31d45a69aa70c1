import { type ReadonlySignal, useComputed } from '@preact/signals'
import { amountAt, type GrowingAmount } from '../../client/amount.ts'
import { decimalsFor, splitPoints } from '../format-points.ts'
import { useShell } from './shell-context.ts'

type AmountProps = {
  readonly of: ReadonlySignal<GrowingAmount>
  /** `calm` in long lists: four changes a second instead of twelve. */
  readonly pace?: 'frame' | 'calm'
}

/** Points that grow. Only two text nodes change; no tree is compared. */
export function Amount({ of, pace = 'frame' }: AmountProps) {
  const { clock } = useShell()
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
