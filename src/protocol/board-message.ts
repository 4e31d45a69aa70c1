import {
  type Static,
  type TLiteral,
  type TObject,
  type TOptional,
  type TProperties,
  type TString,
  Type,
} from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { Json } from '../core/json.ts'
import { ack, correlation, message } from './schema.ts'

/** A board's declaration of one message that clients may send to it. */
export type MessageDeclaration<Schema extends BoardMessageSchema = BoardMessageSchema> = {
  /** Made by {@link boardMessage}. */
  readonly schema: Schema
  /**
   * Whether the message is handled at once, even while its session reads slowly or the storage is away (rule
   * V-5). Only for messages whose answers are small and few. Default: it waits, as `subscribe` does.
   */
  readonly immediate?: boolean
}

/** A message that a board declared: checked against its schema, with the fields of that schema alone. */
export type BoardMessage = {
  readonly type: string
  readonly id?: string
  readonly ack?: 'replicated'
  readonly [field: string]: Json
}

/** The schema of an object with the fields that every message to a board has. */
export type BoardMessageSchema = TObject & {
  readonly static: BoardMessage
  readonly properties: {
    readonly type: TLiteral<string>
    readonly id: TOptional<TString>
    readonly ack: TOptional<TLiteral<'replicated'>>
  }
}

/**
 * Returns the schema of a board's message: its own fields, and `id` and `ack` for the answer (rules P-10,
 * V-3, V-8).
 */
export function boardMessage<Name extends string, Fields extends TProperties>(name: Name, fields: Fields) {
  return message(name, { ...fields, id: Type.Optional(correlation), ack: Type.Optional(ack) })
}

/**
 * Returns the check by which a board narrows a {@link BoardMessage} to one of those that it declared. The
 * check looks at the whole message, not only at its `type`.
 */
export function messageGuard<Declaration extends MessageDeclaration>(
  declarations: readonly Declaration[],
): (message: BoardMessage) => message is Static<Declaration['schema']> {
  const checks = new Map(
    declarations.map(({ schema }): [string, TypeCheck<Declaration['schema']>] => [
      schema.properties.type.const,
      TypeCompiler.Compile(schema),
    ]),
  )
  return (message): message is Static<Declaration['schema']> =>
    checks.get(message.type)?.Check(message) ?? false
}
