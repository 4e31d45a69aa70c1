import type { Command, Handler, Handlers } from '../core/command.ts'

/** Which handler decides a command, by the command's kind. */
export type HandlerTable<Stores> = ReadonlyMap<string, Handler<Stores, Command>>

/** Takes the handlers of one module, which see that module's own store alone. */
export type HandlerRegistrar<Store> = {
  /** Throws when one of the kinds has a handler already. */
  add<C extends Command>(handlers: Handlers<Store, C>): void
}

export type HandlerTableBuilder<Stores> = {
  readonly table: HandlerTable<Stores>
  /** A single handler, which checks the payload itself. Throws when the kind has one already. */
  on(kind: string, handler: Handler<Stores, Command>): HandlerTableBuilder<Stores>
  /** Handlers that see all stores. Throws as {@link HandlerRegistrar.add} does. */
  add<C extends Command>(handlers: Handlers<Stores, C>): HandlerTableBuilder<Stores>
  /** Returns the registrar of a module whose store `storeOf` picks. */
  of<Store>(storeOf: (stores: Stores) => Store): HandlerRegistrar<Store>
}

/**
 * Returns an empty table. Use it as
 * `handlers.of(({ notes }) => notes).add<NoteCommand>({ 'notes.add': (notes, command) => ... })`.
 */
export function handlerTable<Stores>(): HandlerTableBuilder<Stores> {
  const table = new Map<string, Handler<Stores, Command>>()
  const builder: HandlerTableBuilder<Stores> = {
    table,
    on(kind, handler) {
      if (table.has(kind)) throw new Error(`two handlers for ${kind}`)
      table.set(kind, handler)
      return builder
    },
    add(handlers) {
      builder.of((stores) => stores).add(handlers)
      return builder
    },
    of<Store>(storeOf: (stores: Stores) => Store): HandlerRegistrar<Store> {
      return {
        add<C extends Command>(handlers: Handlers<Store, C>) {
          for (const [kind, given] of Object.entries(handlers)) {
            // A command's kind decides the type of its payload, and the table hands a handler its own kind
            // only: what the compiler saw where the command was made holds here too, beyond what its types
            // can follow.
            const handler = given as Handler<Store, Command>
            builder.on(kind, (stores, command) => handler(storeOf(stores), command))
          }
        },
      }
    },
  }
  return builder
}
