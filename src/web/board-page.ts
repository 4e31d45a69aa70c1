import type { ComponentType } from 'preact'
import type { PageServices } from './state/page-services.ts'

/** What a board brings to the page: the default export of `src/boards/<name>/web/index.ts`. */
export type BoardPage = {
  /** Stands before the titles of its views in the navigation where there are several boards. */
  readonly title: string
  /** In the order of the navigation. The first view of the first board is the start page. */
  readonly views: readonly View[]
  /** A sentence at the foot of its views. */
  readonly note?: string
  /** For a board that works in the background of a tab, whichever view is shown. */
  readonly resume?: Resume
}

/** One view: a title in the navigation, an address, and code that is loaded when the view is first shown. */
export type View = {
  /** Unique on the page; begins with the name of the board: `trading.book`. */
  readonly id: string
  readonly title: string
  /** What stands behind the `#` of its address. Unique on the page. */
  readonly path: string
  /**
   * The state channels that it shows. The page subscribes to them while the code of the view is still
   * loading, to those that are not public once a user is logged in, and says how old they are.
   */
  readonly channels: readonly string[]
  /** A number of a channel behind the title, shown while a user is logged in and it is not 0. */
  readonly badge?: Badge
  readonly load: () => Promise<ViewModule>
}

export type Badge = { readonly channel: string; readonly field: string }

/** The module of a view: its component. */
export type ViewModule = { readonly default: ComponentType }

/** `load` is called with the page when the storage of the tab has the item `key`. */
export type Resume = {
  readonly key: string
  readonly load: () => Promise<{ readonly default: (page: PageServices) => void }>
}

/** A board of this page. */
export type PageBoard = { readonly name: string; readonly page: BoardPage }
