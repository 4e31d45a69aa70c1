import type { Static } from '@sinclair/typebox'
import type { BoardMessage } from './board-message.ts'
import { AuthenticateWithKey, AuthenticateWithToken } from './client/authenticate.ts'
import { ClientHeartbeat } from './client/heartbeat.ts'
import { RefreshMessage } from './client/refresh.ts'
import { SubscribeMessage } from './client/subscribe.ts'
import { UnsubscribeMessage } from './client/unsubscribe.ts'

/**
 * The schemas of the engine's own messages; boards declare more (`board-message.ts`). `authenticate` has two:
 * a message is held against the first of its type of which it has a required field, else against the last.
 */
export const CLIENT_SCHEMAS = {
  authenticate_with_token: AuthenticateWithToken,
  authenticate_with_key: AuthenticateWithKey,
  subscribe: SubscribeMessage,
  unsubscribe: UnsubscribeMessage,
  refresh: RefreshMessage,
  heartbeat: ClientHeartbeat,
} as const

/** Every message of a client that the engine itself handles. */
export type ClientMessage = Static<(typeof CLIENT_SCHEMAS)[keyof typeof CLIENT_SCHEMAS]>

/** A client's message once it is read: one of the engine's, or one for the board that declared it. */
export type ReceivedMessage = ClientMessage | ReceivedBoardMessage

export type ReceivedBoardMessage = {
  readonly type: 'board'
  readonly message: BoardMessage
  /** See `MessageDeclaration`. */
  readonly immediate: boolean
}
