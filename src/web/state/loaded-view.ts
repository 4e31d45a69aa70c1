import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import type { Millis } from '../../core/clock.ts'
import type { View } from '../board-page.ts'
import type { Place } from './route.ts'

/** The component of the present view. */
export type LoadedView =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly View: ComponentType }
  | { readonly status: 'failed' }

/**
 * Loads the code of the present view, and, a moment after the first one, that of the other views of its
 * board, so that they are there at once and even while the server is not.
 */
export function loadViews(place: ReadonlySignal<Place>): ReadonlySignal<LoadedView> {
  const components = new Map<string, ComponentType>()
  const state = signal<LoadedView>({ status: 'loading' })
  const load = async (view: View) => {
    components.set(view.id, (await view.load()).default)
  }
  const show = (view: View) => {
    const View = components.get(view.id)
    if (View === undefined) return false
    state.value = { status: 'ready', View }
    return true
  }
  effect(() => {
    const { board, view } = place.value
    if (show(view)) return
    state.value = { status: 'loading' }
    const isPresent = () => place.peek().view === view
    load(view).then(
      () => {
        if (isPresent()) show(view)
        setTimeout(() => {
          for (const other of board.page.views) if (!components.has(other.id)) load(other).catch(() => {}) // It is loaded again when it is shown.
        }, PREFETCH_DELAY)
      },
      () => {
        if (isPresent()) state.value = { status: 'failed' }
      },
    )
  })
  return state
}

/** After the first view, so that it has the connection for itself. */
const PREFETCH_DELAY: Millis = 1000
