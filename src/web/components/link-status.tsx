import { useComputed } from '@preact/signals'
import { formatAgo, formatTime } from '../format.ts'
import { explainEnd } from '../state/explain.ts'
import { useApp } from './app-context.ts'

/** In the header: whether the numbers are live, and how old the newest is. */
export function LinkPill() {
  const { link, network, clock } = useApp()
  const status = link.state.value.status
  const age = useComputed(() => {
    const at = network.channel.updatedAt.value
    return at === null ? '' : ` · changed ${formatAgo(clock.second.value - at)}`
  })
  switch (status) {
    case 'live':
      return (
        <p class="pill pill-good" data-link="live">
          <span class="pulse" aria-hidden="true" />
          Live<span class="pill-age">{age}</span>
        </p>
      )
    case 'stale':
      return (
        <p class="pill pill-warn" data-link="stale">
          Stale
        </p>
      )
    case 'idle':
    case 'connecting':
      return (
        <p class="pill pill-warn" data-link="connecting">
          <span class="spinner" aria-hidden="true" />
          Connecting
        </p>
      )
    case 'offline':
      return (
        <p class="pill pill-bad" data-link="offline">
          Reconnecting
        </p>
      )
    case 'closed':
      return (
        <p class="pill pill-bad" data-link="closed">
          Offline
        </p>
      )
    default:
      return status satisfies never
  }
}

/** Under the header while the numbers are not live: what is wrong, since when, and what happens next. */
export function LinkBanner() {
  const { link, network } = useApp()
  const state = link.state.value
  const updatedAt = network.channel.updatedAt.value
  const asOf = updatedAt === null ? null : ` What you see is as of ${formatTime(updatedAt)}.`
  switch (state.status) {
    case 'idle':
    case 'live':
      return null
    case 'connecting':
      return updatedAt === null ? null : <p class="banner">Connecting to the server again.{asOf}</p>
    case 'stale':
      return state.because === 'silence' ? (
        <p class="banner">
          Nothing was heard from the server since {formatTime(state.since)}.{asOf} If it lasts, the page
          connects anew.
        </p>
      ) : (
        <p class="banner">
          The server itself has heard nothing new since {formatTime(state.since)}.{asOf} The page stays
          connected and goes on as soon as the server does.
        </p>
      )
    case 'offline':
      return (
        <p class="banner">
          <span>
            The connection is down: {explainEnd(state.reason, null)}. Trying again{' '}
            <Countdown until={state.retryAt} />.{asOf}
          </span>
          <button type="button" class="button button-small" onClick={() => link.retry()}>
            Try now
          </button>
        </p>
      )
    case 'closed':
      return (
        <p class="banner banner-bad">
          <span>
            The connection was closed: {explainEnd(state.reason, state.code)}. The page does not come back
            from this by itself.{asOf}
          </span>
          <button type="button" class="button button-small" onClick={() => link.retry()}>
            Connect
          </button>
        </p>
      )
    default:
      return state satisfies never
  }
}

/** By this browser's own clock, like the time it counts down to. */
function Countdown({ until }: { readonly until: number }) {
  const { clock } = useApp()
  const text = useComputed(() => {
    // Read for its ticking only.
    clock.second.value
    const seconds = Math.ceil((until - Date.now()) / 1000)
    return seconds <= 0 ? 'now' : `in ${seconds} s`
  })
  return <>{text}</>
}
