import type { TSchema } from '@sinclair/typebox'
import { canonicalJson, type Json } from '../core/json.ts'
import type { MessageDeclaration } from './board-message.ts'
import { CLIENT_SCHEMAS } from './client-messages.ts'
import { PACKED_LAYOUT } from './packed-layout.ts'
import { PROTOCOL_VERSION } from './protocol-version.ts'
import { WireEvent } from './server/event.ts'
import { SERVER_SCHEMAS } from './server-messages.ts'

export { PROTOCOL_VERSION }

/**
 * Every published version with the hash of its schemas. A test computes the hash anew: after a change on the
 * wire add the next version with the new hash here and raise PROTOCOL_VERSION; entries of released versions
 * never change.
 */
export const PROTOCOL_VERSIONS: readonly { readonly version: number; readonly schemas: string }[] = [
  { version: 1, schemas: '0ee7c0c6440d3b85' },
  { version: 2, schemas: '7c715f18acc23679' },
  { version: 3, schemas: 'f52965ac440e4214' },
]

/** What a board adds to the wire. */
export type BoardProtocol = {
  readonly messages: readonly MessageDeclaration[]
  readonly events: readonly string[]
}

/**
 * Returns what the hash is taken over: all schemas, the names of events and the layout of `packed`, as
 * canonical JSON.
 */
export function schemaText(boards: readonly BoardProtocol[]): string {
  const plain = (schemas: { readonly [name: string]: TSchema }): Json => JSON.parse(JSON.stringify(schemas))
  const messages = boards.flatMap((board) => board.messages.map(({ schema }) => schema))
  return canonicalJson({
    client: plain(CLIENT_SCHEMAS),
    server: plain({ ...SERVER_SCHEMAS, event: WireEvent }),
    boards: plain(Object.fromEntries(messages.map((schema) => [schema.properties.type.const, schema]))),
    events: boards.flatMap(({ events }) => events).sort(),
    packed: PACKED_LAYOUT,
  })
}
