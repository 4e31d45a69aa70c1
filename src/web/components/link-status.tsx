import { useComputed } from '@preact/signals'
import { formatAgo, formatTime } from '../format.ts'
import { explainEnd } from '../state/explain-error.ts'
import { useShell } from './shell-context.ts'

/** In the header: whether the numbers are live, and how old the newest is. */
export function LinkPill() {
  const { link, shown, clock } = useShell()
  const status = link.state.value.status
  const age = useComputed(() => {
    const at = shown.updatedAt.value
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
  const { link, shown } = useShell()
  const state = link.state.value
  const updatedAt = shown.updatedAt.value
  const asOf = updatedAt === null ? null : ` The numbers are as of ${formatTime(updatedAt)}.`
  switch (state.status) {
    case 'idle':
      return null
    case 'live':
      return <StaleChannels />
    case 'connecting':
      return updatedAt === null ? null : <p class="banner">Reconnecting to the server.{asOf}</p>
    case 'stale':
      return state.because === 'silence' ? (
        <p class="banner">
          The server has sent nothing since {formatTime(state.since)}.{asOf} If this lasts, the page
          reconnects.
        </p>
      ) : (
        <p class="banner">
          The server has been cut off from its source since {formatTime(state.since)}.{asOf} The page stays
          connected and continues as soon as the server does.
        </p>
      )
    case 'offline':
      return (
        <p class="banner">
          <span>
            The connection is down: {explainEnd(state.reason, null)}. The page reconnects{' '}
            <Countdown until={state.retryAt} />.{asOf}
          </span>
          <button type="button" class="button button-small" onClick={() => link.retry()}>
            Reconnect now
          </button>
        </p>
      )
    case 'closed':
      return (
        <p class="banner banner-bad">
          <span>
            The connection was closed: {explainEnd(state.reason, state.code)}. The page does not reconnect by
            itself.{asOf}
          </span>
          <button type="button" class="button button-small" onClick={() => link.retry()}>
            Reconnect
          </button>
        </p>
      )
    default:
      return state satisfies never
  }
}

/** The connection is up, and yet values of the present view may be old. */
function StaleChannels() {
  const stale = useShell().shown.stale.value
  if (stale.length === 0) return null
  return (
    <div class="banner">
      {stale.map(({ channel, since }) => (
        <p key={channel}>
          Values of <code>{channel}</code> may be old: their source{' '}
          {since === null ? 'has not been heard yet' : `has not been heard since ${formatTime(since)}`}. They
          are updated as soon as it is heard again.
        </p>
      ))}
    </div>
  )
}

/** By this browser's own clock, like the time that it counts down to. */
function Countdown({ until }: { readonly until: number }) {
  const { clock } = useShell()
  const text = useComputed(() => {
    // Read because it ticks.
    clock.second.value
    const seconds = Math.ceil((until - Date.now()) / 1000)
    return seconds <= 0 ? 'now' : `in ${seconds} s`
  })
  return <>{text}</>
}
