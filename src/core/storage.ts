import type { StoragePosition } from './command.ts'

/** A transaction is synchronous: an async callback would commit before it has run, so it does not compile. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T

/** One implementation of storage, with the stores that it provides. */
export type Storage<Stores> = {
  /**
   * Runs `work` in one durable transaction: when this returns, it is on disk; when it throws, nothing was
   * changed. Transactions do not nest. Throws {@link StorageFailure} if the storage itself failed, otherwise
   * whatever `work` threw.
   */
  write<T>(work: (stores: Stores) => Sync<T>): T
  /**
   * Inside `write`: runs `work` so that an exception undoes only what it did. The exception is passed on to
   * the caller; it is a {@link StorageFailure} if the surrounding transaction is lost too.
   */
  savepoint<T>(work: () => Sync<T>): T
  /**
   * Runs `work` on one consistent snapshot. Keep it short. Throws {@link StorageFailure} if there is no
   * snapshot to be had.
   */
  read<T>(work: (stores: Stores) => Sync<T>): T
  /**
   * Returns the position of a replicated storage after its last commit; missing if the storage is not
   * replicated. Throws {@link StorageFailure}.
   */
  position?(): StoragePosition
  /**
   * Does the work that commits leave for later, if enough of it has accumulated. This blocks for tens of
   * milliseconds, so call it after the answers have been sent. Missing if commits leave no work. Throws
   * {@link StorageFailure}; no commit is lost by that.
   */
  checkpoint?(): void
  close(): void
}

/**
 * The storage itself failed (disk full, input/output error): the whole transaction is lost, not just one
 * command.
 */
export class StorageFailure extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'StorageFailure'
  }
}
