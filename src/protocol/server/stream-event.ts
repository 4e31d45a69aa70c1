import { channel, epoch, json, seq, timestamp } from '../schema.ts'

/** What every event of a stream carries; `from` is the position of the event before it in the same stream. */
export const STREAM_EVENT_FIELDS = { channel, epoch, from: seq, seq, timestamp, data: json }
