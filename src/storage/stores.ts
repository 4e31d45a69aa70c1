import type { AuthStore } from '../auth/store.ts'
import type { RewardsStore } from '../boards/rewards/domain/store.ts'
import type { JournalStore } from '../journal/types.ts'

/**
 * Every store of this server, over one database. One line per module; see sqlite/connection.ts on how to add
 * one.
 */
export type Stores = {
  readonly journal: JournalStore
  readonly auth: AuthStore
  readonly rewards: RewardsStore
}
