import { effect, type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { JsonObject } from '../../core/json.ts'
import { type ChannelModel, openChannel } from '../state/channel-model.ts'
import { useShell } from './shell-context.ts'

/**
 * Returns the document of a state channel, subscribed to for as long as the component is mounted; null before
 * the first snapshot. Components that read the same channel share one subscription.
 */
export function useChannel(channel: string): ReadonlySignal<JsonObject | null> {
  const { client, signedIn } = useShell()
  const model = useSignal<ChannelModel | null>(null)
  const user = useComputed(() => signedIn.value?.user.id)
  useEffect(
    () =>
      // Another user has another document under the same name.
      effect(() => {
        user.value
        const opened = openChannel(client, channel)
        model.value = opened
        return () => {
          model.value = null
          opened.close()
        }
      }),
    [client, channel, user, model],
  )
  return useComputed(() => model.value?.value.value ?? null)
}
