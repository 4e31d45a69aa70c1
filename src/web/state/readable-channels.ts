import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import { type ChannelModel, openChannel } from './channel-model.ts'

export type ReadableChannelsDeps = {
  readonly client: Pick<Client, 'subscribe'>
  readonly wanted: ReadonlySignal<readonly string[]>
  /** Channels that need no login. */
  readonly publicChannels: ReadonlySignal<readonly string[]>
  readonly isLoggedIn: ReadonlySignal<boolean>
}

/**
 * Subscribes to those channels that are wanted and may be read at present, and closes the others. Closing is
 * immediate: the document of one user must not be continued as that of the next.
 */
export function openReadableChannels({
  client,
  wanted,
  publicChannels,
  isLoggedIn,
}: ReadableChannelsDeps): ReadonlySignal<ReadonlyMap<string, ChannelModel>> {
  const models = signal<ReadonlyMap<string, ChannelModel>>(new Map())
  effect(() => {
    const isReadable = (channel: string) => isLoggedIn.value || publicChannels.value.includes(nameOf(channel))
    const before = models.peek()
    const entries = wanted.value
      .filter(isReadable)
      .map((channel) => [channel, before.get(channel) ?? openChannel(client, channel)] as const)
    const next = new Map(entries)
    models.value = next
    for (const [channel, model] of before) if (!next.has(channel)) model.close()
  })
  return models
}

/** Returns the name of a channel, without the parameters behind it (rule S-12). */
function nameOf(channel: string): string {
  return channel.split(':', 1)[0] ?? channel
}
