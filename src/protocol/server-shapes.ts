import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { ServerMessage, ServerMessageType } from './server-messages.ts'

/**
 * A decoded value as a server message; null when its type is not known (rule P-7). Fails when a
 * field that readers rely on is missing or of another kind. Written by hand, because the schemas would bring TypeBox into
 * the browser; a test holds it against them.
 */
export function readServerMessage(value: Json): Result<ServerMessage | null, string> {
  if (!isJsonObject(value) || typeof value.type !== 'string')
    return fail('a message must be an object with a field `type`')
  const shape = shapeOf(value.type)
  if (shape === undefined) return ok(null)
  return isOfShape(value, shape) ? ok(value) : fail(`a message of type ${value.type} misses a field`)
}

/** The shape was looked up by the message's own type: fitting it makes it that message. */
function isOfShape(value: JsonObject, shape: Shape): value is ServerMessage & JsonObject {
  return fits(value, shape)
}

function shapeOf(type: string): Shape | undefined {
  const shapes: { readonly [type: string]: Shape } = SHAPES
  return Object.hasOwn(shapes, type) ? shapes[type] : undefined
}

/** What has to lie in a field; a question mark says that it may be missing. */
type Kind = 'text' | 'number' | 'object' | 'texts' | 'any'
type Rule = Kind | `${Kind}?` | Shape
type Shape = { readonly [field: string]: Rule }

function fits(value: Json | undefined, shape: Shape): boolean {
  if (!isJsonObject(value)) return false
  for (const field in shape) {
    const rule = shape[field]
    if (rule === undefined) continue
    const inner = Object.hasOwn(value, field) ? value[field] : undefined
    if (typeof rule === 'object') {
      if (!fits(inner, rule)) return false
    } else if (inner === undefined) {
      if (!rule.endsWith('?')) return false
    } else if (!isOfKind(inner, rule)) return false
  }
  return true
}

function isOfKind(value: Json, rule: Kind | `${Kind}?`): boolean {
  switch (rule) {
    case 'text':
    case 'text?':
      return typeof value === 'string'
    case 'number':
    case 'number?':
      return typeof value === 'number'
    case 'object':
    case 'object?':
      return isJsonObject(value)
    case 'texts':
    case 'texts?':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'any':
    case 'any?':
      return true
    default:
      return rule satisfies never
  }
}

const DELTA: Shape = {
  channel: 'text',
  workspace: 'text?',
  epoch: 'number',
  from: 'number',
  seq: 'number',
  timestamp: 'number',
  changes: 'object',
  removed: 'texts?',
  checksum: 'number?',
}
const EVENT: Shape = {
  channel: 'text',
  workspace: 'text?',
  epoch: 'number',
  from: 'number',
  seq: 'number',
  timestamp: 'number',
  data: 'any',
}

const SHAPES: { readonly [Type in ServerMessageType]: Shape } = {
  hello: {
    protocol: 'number',
    session: 'text',
    heartbeat: 'number',
    server_time: 'number',
    formats: 'texts',
    limits: { message_bytes: 'number', subscriptions: 'number', messages_per_second: 'number' },
    public_channels: 'texts',
    aliases: 'object?',
    challenge: { nonce: 'text', origin: 'text', session: 'text', expires: 'number' },
  },
  authenticated: { user: { id: 'text', username: 'text' }, expires: 'number?' },
  snapshot: {
    channel: 'text',
    workspace: 'text?',
    epoch: 'number',
    seq: 'number',
    timestamp: 'number',
    data: 'object',
    checksum: 'number?',
  },
  update: DELTA,
  resumed: DELTA,
  caught_up: { channels: 'texts', workspace: 'text?', id: 'text?' },
  unsubscribed: { channels: 'texts', workspace: 'text?', id: 'text?' },
  resync: { channel: 'text', workspace: 'text?', reason: 'text' },
  notification: EVENT,
  violation: EVENT,
  metrics_update: EVENT,
  config_update: EVENT,
  ack: { id: 'text', epoch: 'number', seq: 'number', value: 'any?' },
  heartbeat: { timestamp: 'number' },
  reconnect: { delay_ms: 'number', reason: 'text' },
  stale: { since: 'number?' },
  fresh: { timestamp: 'number' },
  error: {
    code: 'text',
    message: 'text',
    channel: 'text?',
    workspace: 'text?',
    id: 'text?',
    retry_after: 'number?',
  },
}
