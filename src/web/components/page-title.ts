import { useEffect } from 'preact/hooks'
import { formatCount } from '../format.ts'
import { useApp } from './app-context.ts'
import { useThrottled } from './throttled.ts'

const PAUSE = 5000

/** The number that matters, also for who has the page in a tab behind others. */
export function usePageTitle(): void {
  const { network, link } = useApp()
  const online = useThrottled(network.online, PAUSE).value
  const isKnown = network.isLoaded.value
  const isLive = link.isLive.value
  useEffect(() => {
    const state = isLive ? 'live' : 'not connected'
    document.title = isKnown
      ? `${formatCount(online)} online · Rewards network, ${state}`
      : 'Rewards network, live'
  }, [online, isKnown, isLive])
}
