import type { AuthStore } from '../auth/store.ts'
import type { Board, StoresOf } from '../boards/board.ts'
import type { BOARDS } from '../boards/index.ts'
import type { JournalStore } from '../journal/types.ts'

/** Every store of this server, over one database: the platform's, and each board's under the board's name. */
export type Stores = { readonly journal: JournalStore; readonly auth: AuthStore } & StoresOf<typeof BOARDS>

/** Returns the store of a board, which is what the board's own `stores` made. */
export function storeOf(stores: { readonly [name: string]: unknown }, board: Board): unknown {
  const store = stores[board.name]
  if (store === undefined) throw new Error(`the storage was opened without the board ${board.name}`)
  return store
}

/**
 * Returns the stores of `boards`, each made by `make`. `boards` contains at least those of `BOARDS`; the
 * store of any other one is found by {@link storeOf}.
 */
export function boardStores(
  boards: readonly Board[],
  make: (board: Board) => unknown,
): StoresOf<typeof BOARDS> {
  const made: { readonly [name: string]: unknown } = Object.fromEntries(
    boards.map((board) => [board.name, make(board)]),
  )
  // Each board's factory makes the type that its entry in `BOARDS` promises; the list is walked, so that the
  // compiler cannot see which of them belongs to which name.
  return made as StoresOf<typeof BOARDS>
}
