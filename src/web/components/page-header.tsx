import { useComputed } from '@preact/signals'
import { useApp } from './app-context.ts'
import { LinkPill } from './link-status.tsx'

/** Name, the two parts of the page, who one is, and whether all of this is live. */
export function PageHeader() {
  const { view, signedIn } = useApp()
  const here = (name: string) => (view.value === name ? 'page' : undefined)
  const devices = useComputed(() => signedIn.value?.account.counts.value.devices ?? 0)
  const who = signedIn.value
  return (
    <header class="page-header">
      <a class="brand" href="#network" aria-label="Rewards network">
        <Mark />
        <span>Rewards network</span>
      </a>
      <nav class="tabs" aria-label="Parts of the page">
        <a href="#network" aria-current={here('network')}>
          Network
        </a>
        <a href="#account" aria-current={here('account')}>
          My devices
          {devices.value === 0 ? null : <span class="tabs-count">{devices}</span>}
        </a>
      </nav>
      <div class="page-state">
        {who === null ? null : (
          <span class="who" title="Logged in by the key of this browser">
            {who.username}
          </span>
        )}
        <LinkPill />
      </div>
    </header>
  )
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M6 22 L13 10 L20 19 L26 8" />
      <circle cx="6" cy="22" r="3" />
      <circle cx="13" cy="10" r="3" />
      <circle cx="20" cy="19" r="3" />
      <circle class="mark-live" cx="26" cy="8" r="4" />
    </svg>
  )
}
