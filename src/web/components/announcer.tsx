import { effect, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { formatCount } from '../format.ts'
import { explainEarning } from '../state/explain.ts'
import { useApp } from './app-context.ts'

const PAUSE = 5000

/**
 * Says to screen readers what changed for the reader: the link, and this tab as a device. At most every five seconds, the newest
 * only; numbers that tick would never let anybody hear anything else.
 */
export function Announcer() {
  const { link, tab, network, signedIn } = useApp()
  const spoken = useSignal('')
  const news = useComputed(() => {
    const isLive = link.isLive.value
    const mine = signedIn.value
    const device = mine === null ? null : mine.account.device(mine.identity.deviceId).value
    const state = tab.state.value.status
    const words = [isLive ? 'The page is live.' : 'The page is not live.']
    if (state === 'on' && device !== null)
      words.push(`This tab is a device: ${explainEarning(device.earning).label}.`)
    return words.join(' ')
  })
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    const stop = effect(() => {
      news.value
      timer ??= setTimeout(() => {
        timer = null
        spoken.value = `${news.peek()} ${formatCount(network.online.peek())} devices online.`
      }, PAUSE)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [news, spoken, network])
  return (
    <p class="unseen" role="status">
      {spoken}
    </p>
  )
}
