import { useShell } from './shell-context.ts'

/** The present view, or what stands in its place until its code is loaded. */
export function ViewPlace() {
  const { link, place, loaded } = useShell()
  return (
    <main
      class={link.isLive.value ? 'page-main' : 'page-main is-stale'}
      data-view={place.value.view.id}
      aria-busy={loaded.value.status === 'loading'}
    >
      <Content />
    </main>
  )
}

function Content() {
  const state = useShell().loaded.value
  switch (state.status) {
    case 'loading':
      return <p class="empty appears-late">Loading…</p>
    case 'ready':
      return <state.View />
    case 'failed':
      return (
        <section class="panel hint" role="alert">
          <p>
            This view could not be loaded. The server cannot be reached, or it was updated since this page was
            opened.
          </p>
          <div class="actions">
            <button type="button" class="button" onClick={() => location.reload()}>
              Reload the page
            </button>
          </div>
        </section>
      )
    default:
      return state satisfies never
  }
}
