import {
  type AuthenticateMessage,
  AuthenticateWithKey,
  AuthenticateWithToken,
} from './client/authenticate.ts'
import { ConnectMessage } from './client/connect.ts'
import { DisconnectMessage } from './client/disconnect.ts'
import { ClientHeartbeat } from './client/heartbeat.ts'
import { NetworkUpdateMessage } from './client/network-update.ts'
import { RefreshMessage } from './client/refresh.ts'
import { SubscribeMessage } from './client/subscribe.ts'
import { UnsubscribeMessage } from './client/unsubscribe.ts'

/** Messages of a device: a board's matter, answered by `ack`. */
export type DeviceMessage = ConnectMessage | NetworkUpdateMessage | DisconnectMessage

/** Everything a client may say. */
export type ClientMessage =
  | AuthenticateMessage
  | SubscribeMessage
  | UnsubscribeMessage
  | RefreshMessage
  | ClientHeartbeat
  | DeviceMessage

export type ClientMessageType = ClientMessage['type']

/** The schemas; `authenticate` has two shapes, told apart by the field `token`. */
export const CLIENT_SCHEMAS = {
  authenticate_with_key: AuthenticateWithKey,
  authenticate_with_token: AuthenticateWithToken,
  subscribe: SubscribeMessage,
  unsubscribe: UnsubscribeMessage,
  refresh: RefreshMessage,
  heartbeat: ClientHeartbeat,
  connect: ConnectMessage,
  network_update: NetworkUpdateMessage,
  disconnect: DisconnectMessage,
} as const

export type {
  AuthenticateMessage,
  ClientHeartbeat,
  ConnectMessage,
  DisconnectMessage,
  NetworkUpdateMessage,
  RefreshMessage,
  SubscribeMessage,
  UnsubscribeMessage,
}
