import { type Static, Type } from '@sinclair/typebox'
import { CHANNEL_FIELDS, checksum, document, epoch, message, seq, timestamp } from '../schema.ts'

/**
 * A channel's whole document at (epoch, seq). For a stream: the position from which its events follow; no
 * data.
 */
export const SnapshotMessage = message('snapshot', {
  ...CHANNEL_FIELDS,
  epoch,
  seq,
  timestamp,
  data: document,
  checksum: Type.Optional(checksum),
})
export type SnapshotMessage = Static<typeof SnapshotMessage>
