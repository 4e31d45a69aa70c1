import { CHANNEL_FIELDS, epoch, json, seq, timestamp } from '../schema.ts'

/** What every event of a stream carries; `from` is the position of the event before it in the same stream. */
export const STREAM_EVENT_FIELDS = { ...CHANNEL_FIELDS, epoch, from: seq, seq, timestamp, data: json }
