/** A transaction is synchronous: an async callback would commit before it has run, so it does not compile. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T

/** One storage implementation, over the stores it carries. */
export type Storage<Stores> = {
  /** Runs `work` in one durable transaction: on return it is on disk, on a throw nothing happened. */
  write<T>(work: (stores: Stores) => Sync<T>): T
  /** Inside `write`: runs `work` so that a throw undoes only what it did. The throw goes on to the caller. */
  savepoint<T>(work: () => Sync<T>): T
  /** Runs `work` over one consistent snapshot. Keep it short. */
  read<T>(work: (stores: Stores) => Sync<T>): T
  close(): void
}
