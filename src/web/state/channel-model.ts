import { type ReadonlySignal, signal } from '@preact/signals'
import type { ChannelStatus, Client, Cursor } from '../../client/api.ts'
import type { Millis } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'

/** A state channel as signals. Unchanged parts of the document stay the same objects, so computed signals rest. */
export type ChannelModel = {
  /** Null before the first snapshot. */
  readonly value: ReadonlySignal<JsonObject | null>
  readonly status: ReadonlySignal<ChannelStatus>
  /** Server time of the newest message, ms. */
  readonly updatedAt: ReadonlySignal<Millis | null>
  /** How far the document has come; before the first snapshot it means nothing. */
  position(): Cursor
  close(): void
}

export function openChannel(client: Client, channel: string): ChannelModel {
  const handle = client.subscribe(channel)
  const value = signal(handle.value)
  const status = signal(handle.status)
  const updatedAt = signal(handle.updatedAt)
  handle.onChange((next) => {
    value.value = next
    updatedAt.value = handle.updatedAt
  })
  handle.onStatus((next) => {
    status.value = next
  })
  return {
    value,
    status,
    updatedAt,
    position: () => ({ epoch: handle.epoch, seq: handle.seq }),
    close: () => handle.close(),
  }
}
