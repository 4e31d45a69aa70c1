import { type Static, Type } from '@sinclair/typebox'
import { CHANNEL_FIELDS, checksum, document, epoch, message, seq, timestamp } from '../schema.ts'

/**
 * A channel's whole document at (epoch, seq). For a stream: the position after which events follow; no data.
 */
export const SnapshotMessage = message('snapshot', {
  ...CHANNEL_FIELDS,
  epoch,
  seq,
  timestamp,
  data: document,
  checksum: Type.Optional(checksum),
  /** The channel is not journaled (rules E-1 to E-8); missing where it is. */
  ephemeral: Type.Optional(Type.Boolean({ description: 'that the channel is not journaled' })),
})
export type SnapshotMessage = Static<typeof SnapshotMessage>
