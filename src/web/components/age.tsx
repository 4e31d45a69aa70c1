import { useComputed } from '@preact/signals'
import { formatAge, formatDateTime } from '../format.ts'
import { useApp } from './app-context.ts'

/** How long ago something was, kept current. */
export function Age({ at }: { readonly at: number }) {
  const { clock } = useApp()
  const text = useComputed(() => formatAge(clock.second.value - at))
  return (
    <time class="age" dateTime={new Date(at).toISOString()} title={formatDateTime(at)}>
      {text}
    </time>
  )
}
