import type { Command, Handler, Handlers } from '../core/command.ts'

/** Who decides what, by the command's kind. */
export type HandlerTable<Stores> = ReadonlyMap<string, Handler<Stores, Command>>

/**
 * Collects the modules' handlers under their kinds. Throws when two of them claim the same kind. Use it as
 * `handlerTable<Stores>().add<RewardsCommand>(rewardsHandlers(rules)).table`.
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
      for (const [kind, handler] of Object.entries(handlers)) {
        // A command's kind decides the type of its payload, and the table hands a handler its own kind only:
        // what the compiler saw where the command was made holds here too, beyond what its types can follow.
        builder.on(kind, handler as Handler<Stores, Command>)
      }
      return builder
    },
  }
  return builder
}

export type HandlerTableBuilder<Stores> = {
  readonly table: HandlerTable<Stores>
  /** A single handler, which checks the payload itself. */
  on(kind: string, handler: Handler<Stores, Command>): HandlerTableBuilder<Stores>
  add<C extends Command>(handlers: Handlers<Stores, C>): HandlerTableBuilder<Stores>
}
