import type { TSchema } from '@sinclair/typebox'
import { canonicalJson, type Json } from '../core/json.ts'
import { CLIENT_SCHEMAS } from './client-messages.ts'
import { PACKED_LAYOUT } from './packed-layout.ts'
import { PROTOCOL_VERSION } from './protocol-version.ts'
import { SERVER_SCHEMAS } from './server-messages.ts'

export { PROTOCOL_VERSION }

/**
 * Every published version with the hash of its schemas. A test computes the hash anew: after a change on the wire add the next
 * version with the new hash here and raise PROTOCOL_VERSION; entries of released versions never change.
 */
export const PROTOCOL_VERSIONS: readonly { readonly version: number; readonly schemas: string }[] = [
  { version: 1, schemas: '0ee7c0c6440d3b85' },
  { version: 2, schemas: '7c715f18acc23679' },
  { version: 3, schemas: '5aa96f04f68bda2f' },
]

/** What the hash is taken over: all schemas and the layout of `packed`, as canonical JSON. */
export function schemaText(): string {
  const plain = (schemas: { readonly [name: string]: TSchema }): Json => JSON.parse(JSON.stringify(schemas))
  return canonicalJson({
    client: plain(CLIENT_SCHEMAS),
    server: plain(SERVER_SCHEMAS),
    packed: PACKED_LAYOUT,
  })
}
