import { Database } from 'bun:sqlite'
import { fileURLToPath } from 'node:url'
import { migrate } from 'drizzle-orm/bun-sqlite/migrator'
import { createMemoryAuthStore } from '../../src/storage/memory/auth-store.ts'
import { UndoLog } from '../../src/storage/memory/undo-map.ts'
import { createSqliteAuthStore } from '../../src/storage/sqlite/auth-store.ts'
import { connect } from '../../src/storage/sqlite/connection.ts'
import { authStoreContract } from './auth-store.ts'

authStoreContract('memory', () => {
  const log = new UndoLog()
  const store = createMemoryAuthStore(log)
  return {
    store,
    write(work) {
      log.begin()
      try {
        const value = work()
        log.commit()
        return value
      } catch (error) {
        log.rollback()
        throw error
      }
    },
    close() {},
  }
})

authStoreContract('sqlite', () => {
  const sqlite = new Database(':memory:', { strict: true })
  sqlite.run('pragma foreign_keys = on')
  const connection = connect(sqlite)
  migrate(connection.db, { migrationsFolder: fileURLToPath(new URL('../../db/migrations', import.meta.url)) })
  return {
    store: createSqliteAuthStore(connection),
    write: (work) => sqlite.transaction(work)(),
    close: () => sqlite.close(),
  }
})
