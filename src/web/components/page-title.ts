import { useEffect } from 'preact/hooks'
import { useShell } from './shell-context.ts'
import { useThrottled } from './throttled.ts'

/**
 * Keeps the title of the window: the headline of the view, which is read in tabs that are not in front, and
 * its title.
 */
export function usePageTitle(): void {
  const { place, headline, link } = useShell()
  const words = useThrottled(headline, HEADLINE_INTERVAL).value
  const { title } = place.value.view
  const isLive = link.isLive.value
  useEffect(() => {
    const parts = [words, title, 'Dashboard'].filter((part) => part !== '')
    document.title = `${parts.join(' · ')}${isLive ? '' : ' (not connected)'}`
  }, [words, title, isLive])
}

/** Between two changes of the title, in ms. */
const HEADLINE_INTERVAL = 5000
