import { type ReadonlySignal, useComputed } from '@preact/signals'
import { formatAge, formatAgo, formatDateTime } from '../format.ts'
import { useShell } from './shell-context.ts'

/** How long ago something was, kept up to date. */
export function Age({ at }: { readonly at: number }) {
  const { clock } = useShell()
  const text = useComputed(() => formatAge(clock.second.value - at))
  return <Time at={at} text={text} />
}

/** The same as a phrase: "5 min ago". */
export function Ago({ at }: { readonly at: number }) {
  const { clock } = useShell()
  const text = useComputed(() => formatAgo(clock.second.value - at))
  return <Time at={at} text={text} />
}

function Time({ at, text }: { readonly at: number; readonly text: ReadonlySignal<string> }) {
  return (
    <time class="age" dateTime={new Date(at).toISOString()} title={formatDateTime(at)}>
      {text}
    </time>
  )
}
