import type { Millis } from '../../core/clock.ts'
import type { StaleMessage } from '../../protocol/server/stale.ts'
import { channelFields } from '../channel-fields.ts'
import type { Channel } from '../model.ts'

/** Returns the message that the value of one channel may be old, or that none was ever heard (rule E-6). */
export function staleMessage<Socket>(channel: Channel<Socket>, since: Millis | null): StaleMessage {
  return { type: 'stale', ...(since === null ? {} : { since }), ...channelFields(channel) }
}
