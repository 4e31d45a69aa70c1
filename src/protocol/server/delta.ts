import { Type } from '@sinclair/typebox'
import { CHANNEL_FIELDS, checksum, document, epoch, list, seq, text, timestamp } from '../schema.ts'

/** What `update` and `resumed` have in common: a change from one position of a document to another. */
export const DELTA_FIELDS = {
  ...CHANNEL_FIELDS,
  epoch,
  from: seq,
  seq,
  timestamp,
  /** New values by path. */
  changes: document,
  /** Paths that are no longer there. */
  removed: Type.Optional(list(text('path', 4096, 0))),
  checksum: Type.Optional(checksum),
}
