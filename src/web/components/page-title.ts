import { computed, effect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Millis } from '../../core/clock.ts'
import type { Shell } from '../state/shell.ts'
import { useShell } from './shell-context.ts'

/** Keeps the title of the window, for as long as the component is mounted. */
export function usePageTitle(): void {
  const shell = useShell()
  useEffect(() => keepTitle(shell), [shell])
}

/**
 * Sets the title to the headline of the view, which can be read while the tab is in the background, and the
 * title of the view. Another view, and a connection that is lost or back, are shown at once. Returns a
 * function that ends it.
 */
function keepTitle({ place, headline, link }: Shell): () => void {
  const title = computed(() => {
    const parts = [headline.value, place.value.view.title, 'Dashboard'].filter((part) => part !== '')
    return `${parts.join(' · ')}${link.isLive.value ? '' : ' (not connected)'}`
  })
  const occasion = computed(() => `${place.value.view.id} ${link.isLive.value} ${headline.value === ''}`)
  let shown = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    clearTimeout(timer)
    timer = undefined
    shown = occasion.peek()
    document.title = title.peek()
  }
  const stop = effect(() => {
    title.value
    if (occasion.value !== shown) show()
    else timer ??= setTimeout(show, HEADLINE_INTERVAL)
  })
  return () => {
    stop()
    clearTimeout(timer)
  }
}

/** Between two headlines of one view. */
const HEADLINE_INTERVAL: Millis = 5000
