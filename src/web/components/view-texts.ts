import { type ReadonlySignal, type Signal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useShell } from './shell-context.ts'

/**
 * Puts the most important figure of a view, such as "12 online", into the title of the window, for as long as
 * the component is mounted. An empty text is none.
 */
export function useHeadline(text: ReadonlySignal<string>): void {
  useText(useShell().headline, text)
}

/**
 * Tells screen readers what changed, for as long as the component is mounted: the newest text, at most every
 * five seconds. For states, not for figures that change all the time.
 */
export function useAnnouncement(text: ReadonlySignal<string>): void {
  useText(useShell().announcement, text)
}

function useText(place: Signal<string>, text: ReadonlySignal<string>): void {
  useSignalEffect(() => {
    place.value = text.value
  })
  useEffect(
    () => () => {
      place.value = ''
    },
    [place],
  )
}
