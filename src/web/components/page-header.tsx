import { useEffect, useRef } from 'preact/hooks'
import { formatCount } from '../format.ts'
import type { Place } from '../state/route.ts'
import { LinkPill } from './link-status.tsx'
import { Name } from './name.tsx'
import { useShell } from './shell-context.ts'

/** The navigation between views, the user, and whether what is shown is live. */
export function PageHeader() {
  const { places } = useShell()
  const boards = [...new Set(places.map(({ board }) => board))]
  return (
    <header class="page-header">
      <a class="brand" href={`#${places[0].view.path}`}>
        <Mark />
        <span>Dashboard</span>
      </a>
      <nav class="tabs" aria-label="Views">
        {boards.map((board) => (
          <ul key={board.name} class="tabs-board" aria-label={board.page.title}>
            {boards.length > 1 ? (
              <li class="tabs-title" aria-hidden="true">
                {board.page.title}
              </li>
            ) : null}
            {places
              .filter((place) => place.board === board)
              .map((place) => (
                <li key={place.view.id}>
                  <ViewLink place={place} />
                </li>
              ))}
          </ul>
        ))}
      </nav>
      <div class="page-state">
        <User />
        <LinkPill />
      </div>
    </header>
  )
}

function ViewLink({ place: { view } }: { readonly place: Place }) {
  const { place, badges } = useShell()
  const link = useRef<HTMLAnchorElement>(null)
  const count = badges.get(view.id)?.value ?? 0
  const isPresent = place.value.view === view
  // On a narrow screen the navigation may be wider than the page, and scrolls.
  useEffect(() => {
    if (isPresent) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [isPresent])
  return (
    <a ref={link} href={`#${view.path}`} aria-current={isPresent ? 'page' : undefined}>
      {view.title}
      {count === 0 ? null : <span class="tabs-count">{formatCount(count)}</span>}
    </a>
  )
}

function User() {
  const { session, isImportingKey } = useShell()
  const state = session.state.value
  if (state.status === 'signed-in')
    return (
      <span class="who">
        <Name text={state.user.username} />
      </span>
    )
  if (state.status !== 'anonymous') return null
  return (
    <button
      type="button"
      class="link"
      onClick={() => {
        isImportingKey.value = true
      }}
    >
      Log in
    </button>
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
