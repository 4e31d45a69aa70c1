import { type ReadonlySignal, signal } from '@preact/signals'

export const VIEWS = ['network', 'account'] as const
export type View = (typeof VIEWS)[number]

/** Which part of the page is shown; it stands behind the address's `#`, so that links and the back button work. */
export function createRoute(window: Window): ReadonlySignal<View> {
  const view = signal(viewOf(window.location.hash))
  window.addEventListener('hashchange', () => {
    view.value = viewOf(window.location.hash)
    window.scrollTo({ top: 0 })
  })
  return view
}

/** An unknown or missing one is the first. */
export function viewOf(hash: string): View {
  return VIEWS.find((view) => hash === `#${view}`) ?? 'network'
}
