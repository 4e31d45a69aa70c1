import type { Board } from '../../boards/board.ts'
import { BOARDS } from '../../boards/index.ts'
import type { Storage } from '../../core/storage.ts'
import { boardStores, type Stores } from '../stores.ts'
import { createMemoryAuthStore } from './auth-store.ts'
import { createMemoryJournalStore } from './journal-store.ts'
import { UndoLog } from './undo-map.ts'

/**
 * A storage that forgets everything at the end of the process: for tests, and to hold the contract of the
 * real one.
 */
export function createMemoryStorage(boards: readonly Board[] = BOARDS): Storage<Stores> {
  const log = new UndoLog()
  const stores: Stores = {
    journal: createMemoryJournalStore(log),
    auth: createMemoryAuthStore(log),
    ...boardStores(boards, (board) => board.stores.memory(log)),
  }
  return {
    write(work) {
      log.begin()
      try {
        const value = work(stores)
        log.commit()
        return value
      } catch (error) {
        log.rollback()
        throw error
      }
    },
    savepoint(work) {
      if (!log.open) throw new Error('a savepoint needs a transaction')
      const mark = log.mark()
      try {
        return work()
      } catch (error) {
        log.rollbackTo(mark)
        throw error
      }
    },
    read(work) {
      if (log.open) throw new Error('transactions do not nest')
      return work(stores)
    },
    close() {},
  }
}
