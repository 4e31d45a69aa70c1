import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Command, CommandResult } from '../core/command.ts'

/*
 * How commands get to the process that decides them: JSON texts over one connection, in order. The client has
 * commands, the server decides them. There are two such links: a serving process and its supervisor
 * (src/processes), a replica and the primary (src/replication).
 */

/** What one end of a link says of itself. */
export type Side = {
  /** Who it is: the first message of each end. The server's says that the client is accepted. */
  readonly greeting: object
  /** How it is. Sent with every heartbeat, and in between when the other end has to know at once. */
  readonly status: object
  /** How far its copy of the data has come. Sent as often as that changes. */
  readonly position: object
  /** Anything else. */
  readonly notice: object
}

export type Message<From extends Side> =
  | { readonly type: 'greeting'; readonly greeting: From['greeting'] }
  | { readonly type: 'status'; readonly status: From['status'] }
  | { readonly type: 'position'; readonly position: From['position'] }
  | { readonly type: 'notice'; readonly notice: From['notice'] }
  /** From the client. */
  | { readonly type: 'commands'; readonly commands: readonly Command[] }
  /** From the server: the results of the oldest `commands` that have none yet. */
  | { readonly type: 'answers'; readonly results: readonly CommandResult[] }

/** Returns the message that a text is; null when it is none. */
export type Reader<From extends Side> = (text: string) => Message<From> | null

/** The inside of commands and results is checked by the handlers, as for commands of one's own process. */
const command = Type.Unsafe<Command>(Type.Object({ kind: Type.String(), at: Type.Number() }))
const result = Type.Unsafe<CommandResult>(Type.Object({ ok: Type.Boolean() }))

/** Returns a reader that checks every message, by the schemas of a {@link Side}. */
export function readerOf<G extends TSchema, S extends TSchema, P extends TSchema, N extends TSchema>(side: {
  readonly greeting: G
  readonly status: S
  readonly position: P
  readonly notice: N
}) {
  const message = Type.Union([
    Type.Object({ type: Type.Literal('greeting'), greeting: side.greeting }),
    Type.Object({ type: Type.Literal('status'), status: side.status }),
    Type.Object({ type: Type.Literal('position'), position: side.position }),
    Type.Object({ type: Type.Literal('notice'), notice: side.notice }),
    Type.Object({ type: Type.Literal('commands'), commands: Type.Array(command) }),
    Type.Object({ type: Type.Literal('answers'), results: Type.Array(result) }),
  ])
  const check = TypeCompiler.Compile(message)
  return (text: string): Static<typeof message> | null => {
    try {
      const parsed: unknown = JSON.parse(text)
      return check.Check(parsed) ? parsed : null
    } catch {
      return null
    }
  }
}
