import { type BoardMessage, type MessageDeclaration, messageGuard } from '../../../protocol/board-message.ts'
import { ConnectMessage } from './connect.ts'
import { DisconnectMessage } from './disconnect.ts'
import { NetworkUpdateMessage } from './network-update.ts'

/**
 * The messages by which a client is a device. A device's word is taken even if its client never reads (rule
 * V-5).
 */
export const REWARDS_MESSAGES = [
  { schema: ConnectMessage, immediate: true },
  { schema: NetworkUpdateMessage, immediate: true },
  { schema: DisconnectMessage, immediate: true },
] as const satisfies readonly MessageDeclaration[]

export type RewardsMessage = ConnectMessage | NetworkUpdateMessage | DisconnectMessage

/** Whether a message is one of this board's. */
export const isRewardsMessage: (message: BoardMessage) => message is RewardsMessage =
  messageGuard(REWARDS_MESSAGES)
