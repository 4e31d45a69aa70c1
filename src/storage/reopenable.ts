import { type Storage, StorageFailure } from '../core/storage.ts'

/** A storage that can be away for a while: what is asked of it then fails as when a disk is gone. */
export type ReopenableStorage<Stores> = Storage<Stores> & {
  /** Opens it; throws what opening throws. Nothing happens when it is open. */
  attach(): void
  detach(): void
  isAttached(): boolean
}

/** A storage that is not open yet; `open` is called with every {@link ReopenableStorage.attach}. */
export function reopenable<Stores>(open: () => Storage<Stores>): ReopenableStorage<Stores> {
  let storage: Storage<Stores> | null = null
  const present = () => {
    if (storage === null) throw new StorageFailure('the storage is detached', null)
    return storage
  }
  const detach = () => {
    const last = storage
    storage = null
    last?.close()
  }
  return {
    write: (work) => present().write(work),
    savepoint: (work) => present().savepoint(work),
    read: (work) => present().read(work),
    attach() {
      storage ??= open()
    },
    detach,
    isAttached: () => storage !== null,
    close: detach,
  }
}
