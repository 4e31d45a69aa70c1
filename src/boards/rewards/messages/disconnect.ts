import type { Static } from '@sinclair/typebox'
import { boardMessage } from '../../../protocol/board-message.ts'

/** The device of this socket leaves; the socket stays open. */
export const DisconnectMessage = boardMessage('disconnect', {})
export type DisconnectMessage = Static<typeof DisconnectMessage>
