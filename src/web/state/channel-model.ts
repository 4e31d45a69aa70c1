import { type ReadonlySignal, signal } from '@preact/signals'
import type { ChannelStatus, Client, Cursor } from '../../client/api.ts'
import type { Millis } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'

/**
 * A state channel as signals. Unchanged parts of the document stay the same objects, so computed signals
 * rest.
 */
export type ChannelModel = {
  /** Null before the first snapshot. */
  readonly value: ReadonlySignal<JsonObject | null>
  readonly status: ReadonlySignal<ChannelStatus>
  /** Server time of the newest message, in ms; null before the first. */
  readonly updatedAt: ReadonlySignal<Millis | null>
  /** Returns the position of the document, which means nothing before the first snapshot. */
  position(): Cursor
  close(): void
}

/** Subscribes to a state channel. Several models of one channel share one subscription. */
export function openChannel(client: Pick<Client, 'subscribe'>, channel: string): ChannelModel {
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
