import { type ReadonlySignal, useComputed } from '@preact/signals'
import { formatCount } from '../format.ts'

/** A whole number that is kept up to date. */
export function Count({ of }: { readonly of: ReadonlySignal<number> }) {
  return <>{useComputed(() => formatCount(of.value))}</>
}
