import { type TObject, type TSchema, TypeGuard } from '@sinclair/typebox'
import { WireEvent } from './server/event.ts'
import { SERVER_SCHEMAS } from './server-messages.ts'
import type { Kind, Shape } from './shape.ts'

/** The shapes of all server messages by their type, and that of an event, from their schemas. */
export function shapesOfServerMessages(): {
  readonly messages: { readonly [type: string]: Shape }
  readonly event: Shape
} {
  const messages = Object.entries(SERVER_SCHEMAS).map(([type, schema]) => [type, shapeOfSchema(schema)])
  return { messages: Object.fromEntries(messages), event: shapeOfSchema(WireEvent) }
}

/**
 * Returns the shape of a message's schema, without `type`. Throws for a field of a kind that shapes have no
 * word for.
 */
export function shapeOfSchema(schema: TObject): Shape {
  const fields = Object.entries(schema.properties).filter(([name]) => name !== 'type')
  return Object.fromEntries(
    fields.map(([name, field]): [string, Shape[string]] => {
      const isOptional = TypeGuard.IsOptional(field)
      if (!TypeGuard.IsObject(field)) return [name, isOptional ? `${kindOf(field)}?` : kindOf(field)]
      if (isOptional) throw new Error(`shapes have no word for the optional object ${name}`)
      return [name, shapeOfSchema(field)]
    }),
  )
}

function kindOf(schema: TSchema): Kind {
  if (isText(schema)) return 'text'
  if (TypeGuard.IsInteger(schema) || TypeGuard.IsNumber(schema)) return 'number'
  if (TypeGuard.IsBoolean(schema)) return 'boolean'
  if (TypeGuard.IsRecord(schema)) return 'object'
  if (TypeGuard.IsArray(schema) && isText(schema.items)) return 'texts'
  if (TypeGuard.IsUnknown(schema)) return 'any'
  throw new Error(`shapes have no word for a field of type ${String(schema.type)}`)
}

function isText(schema: TSchema): boolean {
  if (TypeGuard.IsUnion(schema)) return schema.anyOf.every(isText)
  return TypeGuard.IsString(schema) || TypeGuard.IsLiteralString(schema)
}
