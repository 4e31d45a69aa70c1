import { type ReadonlySignal, useComputed } from '@preact/signals'
import { formatCount } from '../format.ts'

/** A live whole number. */
export function Count({ of }: { readonly of: ReadonlySignal<number> }) {
  return <>{useComputed(() => formatCount(of.value))}</>
}
