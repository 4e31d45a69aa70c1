import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Storage } from '../../src/core/storage.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { openForWriting } from '../../src/storage/sqlite/open.ts'
import type { Stores } from '../../src/storage/stores.ts'

/** A storage for one test, and a function that removes it. */
export type OpenedStorage = { readonly storage: Storage<Stores>; remove(): void }

/**
 * Every implementation of storage. A contract suite is one function that is called for each:
 * `for (const { name, open } of STORAGES) describe(name, () => ...)`.
 */
export const STORAGES: readonly { readonly name: string; open(): OpenedStorage }[] = [
  {
    name: 'memory',
    open() {
      const storage = createMemoryStorage()
      return { storage, remove: () => storage.close() }
    },
  },
  {
    name: 'sqlite',
    open() {
      const folder = temporaryFolder()
      const opened = openForWriting(folder.path)
      if (!opened.ok) throw new Error(opened.error.message)
      return {
        storage: opened.value,
        remove() {
          opened.value.close()
          folder.remove()
        },
      }
    },
  },
]

/** Makes an empty folder in the system's temporary folder. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'dashboard-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
