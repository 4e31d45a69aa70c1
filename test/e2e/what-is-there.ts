import { type ChannelName, channelKey, DEFAULT_WORKSPACE, type UserId } from '../../src/core/ids.ts'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { openFileForReading } from '../../src/storage/sqlite/open.ts'
import type { RawSocket } from './raw-socket.ts'

/**
 * Returns a document as a new subscriber gets it; waits a moment, so that changes in flight are in the next
 * one.
 */
export async function snapshot(socket: RawSocket, channel: string): Promise<JsonObject> {
  socket.send({ type: 'subscribe', channels: [channel], id: channel })
  const { data } = await socket.until('snapshot', { channel })
  await socket.until('caught_up', { id: channel })
  await Bun.sleep(100)
  return isJsonObject(data) ? data : {}
}

/** Returns a user's events from a database, oldest first. */
export function storedEvents(database: string, user: string) {
  const storage = openFileForReading(database)
  const scope = { workspace: DEFAULT_WORKSPACE, user: user as UserId }
  const rows = storage.read(({ journal }) =>
    journal.ofChannel(channelKey('rewards.activity' as ChannelName, scope), 0, 100_000),
  )
  storage.close()
  return rows.flatMap(({ seq, epoch, body }) =>
    body.kind === 'event' ? [{ seq, epoch, data: body.data }] : [],
  )
}
