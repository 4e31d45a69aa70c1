import type { StreamEventType } from '../core/command.ts'
import { AckMessage } from './server/ack.ts'
import { AuthenticatedMessage } from './server/authenticated.ts'
import { CaughtUpMessage } from './server/caught-up.ts'
import { ConfigUpdateMessage } from './server/config-update.ts'
import { ErrorMessage } from './server/error.ts'
import { FreshMessage } from './server/fresh.ts'
import { ServerHeartbeat } from './server/heartbeat.ts'
import { HelloMessage } from './server/hello.ts'
import { MetricsUpdateMessage } from './server/metrics-update.ts'
import { NotificationMessage } from './server/notification.ts'
import { ReconnectMessage } from './server/reconnect.ts'
import { ResumedMessage } from './server/resumed.ts'
import { ResyncMessage } from './server/resync.ts'
import { SnapshotMessage } from './server/snapshot.ts'
import { StaleMessage } from './server/stale.ts'
import { UnsubscribedMessage } from './server/unsubscribed.ts'
import { UpdateMessage } from './server/update.ts'
import { ViolationMessage } from './server/violation.ts'

/** The events of stream channels; all of one shape. */
export type StreamEventMessage =
  | NotificationMessage
  | ViolationMessage
  | MetricsUpdateMessage
  | ConfigUpdateMessage

/** What belongs to one channel's feed, and what the `packed` format has short forms for. */
export type FeedMessage = SnapshotMessage | ResumedMessage | UpdateMessage | StreamEventMessage

/** Everything a server may say. */
export type ServerMessage =
  | HelloMessage
  | AuthenticatedMessage
  | FeedMessage
  | CaughtUpMessage
  | UnsubscribedMessage
  | ResyncMessage
  | AckMessage
  | ServerHeartbeat
  | ReconnectMessage
  | StaleMessage
  | FreshMessage
  | ErrorMessage

export type ServerMessageType = ServerMessage['type']

export const SERVER_SCHEMAS = {
  hello: HelloMessage,
  authenticated: AuthenticatedMessage,
  snapshot: SnapshotMessage,
  update: UpdateMessage,
  resumed: ResumedMessage,
  caught_up: CaughtUpMessage,
  unsubscribed: UnsubscribedMessage,
  resync: ResyncMessage,
  notification: NotificationMessage,
  violation: ViolationMessage,
  metrics_update: MetricsUpdateMessage,
  config_update: ConfigUpdateMessage,
  ack: AckMessage,
  heartbeat: ServerHeartbeat,
  reconnect: ReconnectMessage,
  stale: StaleMessage,
  fresh: FreshMessage,
  error: ErrorMessage,
} as const satisfies { readonly [Type in ServerMessageType]: unknown }

/** Whether a message is an event of a stream channel. */
export function isStreamEvent(message: ServerMessage): message is StreamEventMessage {
  const types: { readonly [type: string]: true } = STREAM_EVENTS
  return types[message.type] === true
}

const STREAM_EVENTS: { readonly [Type in StreamEventType]: true } = {
  notification: true,
  violation: true,
  metrics_update: true,
  config_update: true,
}

export type {
  AckMessage,
  AuthenticatedMessage,
  CaughtUpMessage,
  ErrorMessage,
  FreshMessage,
  HelloMessage,
  ReconnectMessage,
  ResumedMessage,
  ResyncMessage,
  ServerHeartbeat,
  SnapshotMessage,
  StaleMessage,
  UnsubscribedMessage,
  UpdateMessage,
}
