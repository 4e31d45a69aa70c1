import { effect, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useShell } from './shell-context.ts'

/** Tells screen readers of changes of the connection, and what the view has to announce. */
export function Announcer() {
  const { link, announcement } = useShell()
  const spoken = useSignal('')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    const text = () => [link.isLive.value ? 'The page is live.' : 'The page is not live.', announcement.value]
    const stop = effect(() => {
      text()
      timer ??= setTimeout(() => {
        timer = null
        spoken.value = text().join(' ')
      }, ANNOUNCEMENT_INTERVAL)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [link, announcement, spoken])
  return (
    <p class="unseen" role="status">
      {spoken}
    </p>
  )
}

/** Between a change and its announcement, in ms: no text cuts off the one before. */
const ANNOUNCEMENT_INTERVAL = 5000
