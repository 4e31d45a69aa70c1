import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { WireEvent } from './server/event.ts'
import type { PlainServerMessage, ServerMessage } from './server-messages.ts'
import { EVENT_SHAPE, SERVER_SHAPES } from './server-shapes.ts'
import { fitsShape, type Shape } from './shape.ts'
import { fromWireEvent } from './stream-event.ts'

/**
 * Returns a decoded value as a server message; null when its type is not known (rule P-7). A type that is not
 * one of the engine's is the name of an event, if the message has all fields of an event (rule D-9). Fails
 * when a field that readers rely on is missing or of another kind. Checks shapes that are made from the
 * schemas, because the schemas themselves would bring TypeBox into the browser.
 */
export function readServerMessage(value: Json): Result<ServerMessage | null, string> {
  if (!isJsonObject(value) || typeof value.type !== 'string')
    return fail('a message must be an object with a field `type`')
  const shape = shapeOf(value.type)
  if (shape === undefined) return ok(isWireEvent(value) ? fromWireEvent(value) : null)
  return isOfShape(value, shape) ? ok(value) : fail(`a message of type ${value.type} misses a field`)
}

/** The shape was looked up by the message's own type: fitting it makes it that message. */
function isOfShape(value: JsonObject, shape: Shape): value is PlainServerMessage & JsonObject {
  return fitsShape(value, shape)
}

function isWireEvent(value: JsonObject): value is WireEvent & JsonObject {
  return fitsShape(value, EVENT_SHAPE)
}

function shapeOf(type: string): Shape | undefined {
  const shapes: { readonly [type: string]: Shape } = SERVER_SHAPES
  return Object.hasOwn(shapes, type) ? shapes[type] : undefined
}
