import type { StoragePosition } from './command.ts'

/** A transaction is synchronous: an async callback would commit before it has run, so it does not compile. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T

/** One storage implementation, over the stores it carries. */
export type Storage<Stores> = {
  /**
   * Runs `work` in one durable transaction: on return it is on disk, on a throw nothing happened.
   * Transactions do not nest. Throws {@link StorageFailure} when the storage itself gave way, otherwise what
   * `work` threw.
   */
  write<T>(work: (stores: Stores) => Sync<T>): T
  /**
   * Inside `write`: runs `work` so that a throw undoes only what it did. The throw goes on to the caller; it
   * is a {@link StorageFailure} when the surrounding transaction is lost too.
   */
  savepoint<T>(work: () => Sync<T>): T
  /**
   * Runs `work` over one consistent snapshot. Keep it short. Throws {@link StorageFailure} when it cannot be
   * had.
   */
  read<T>(work: (stores: Stores) => Sync<T>): T
  /**
   * Where a replicated storage is after its last commit; missing where nothing is replicated. Throws {@link
   * StorageFailure}.
   */
  position?(): StoragePosition
  /**
   * Does what a commit leaves for later, if it has become much: tens of milliseconds, in which nothing else
   * is done. For when whoever waits has his answer; missing where nothing is left. Throws {@link
   * StorageFailure}, which no commit is lost by.
   */
  checkpoint?(): void
  close(): void
}

/**
 * The storage itself gave way (disk full, input/output error): the whole transaction is lost, not just one
 * command.
 */
export class StorageFailure extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'StorageFailure'
  }
}
