import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { PageBoard, View } from '../board-page.ts'

/** A view and the board that it belongs to. */
export type Place = { readonly board: PageBoard; readonly view: View }

/**
 * Returns all views, in the order of the navigation. Throws when there is none, or two have the same path or
 * id.
 */
export function placesOf(boards: readonly PageBoard[]): readonly [Place, ...Place[]] {
  const places = boards.flatMap((board) => board.page.views.map((view) => ({ board, view })))
  const [first, ...others] = places
  if (first === undefined) throw new Error('no board brings a view')
  for (const field of ['id', 'path'] as const) {
    const values = places.map(({ view }) => view[field])
    const twice = values.find((value, at) => values.indexOf(value) < at)
    if (twice !== undefined) throw new Error(`two views have the ${field} ${twice}`)
  }
  return [first, ...others]
}

/**
 * Returns the place that the address names behind its `#`, and follows it, so that links and the back button
 * work.
 */
export function createRoute(window: Window, places: readonly [Place, ...Place[]]): ReadonlySignal<Place> {
  const hash = signal(window.location.hash)
  window.addEventListener('hashchange', () => {
    hash.value = window.location.hash
    window.scrollTo({ top: 0 })
  })
  return computed(() => placeAt(hash.value, places))
}

/** Returns the place of a hash such as `#network`; for an unknown or empty one, the first. */
export function placeAt(hash: string, places: readonly [Place, ...Place[]]): Place {
  return places.find(({ view }) => hash === `#${view.path}`) ?? places[0]
}
