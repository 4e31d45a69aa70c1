import type { Static } from '@sinclair/typebox'
import { AckMessage } from './server/ack.ts'
import { AuthenticatedMessage } from './server/authenticated.ts'
import { CaughtUpMessage } from './server/caught-up.ts'
import { ErrorMessage } from './server/error.ts'
import { FreshMessage } from './server/fresh.ts'
import { ServerHeartbeat } from './server/heartbeat.ts'
import { HelloMessage } from './server/hello.ts'
import { ReconnectMessage } from './server/reconnect.ts'
import { ResumedMessage } from './server/resumed.ts'
import { ResyncMessage } from './server/resync.ts'
import { SnapshotMessage } from './server/snapshot.ts'
import { StaleMessage } from './server/stale.ts'
import { UnsubscribedMessage } from './server/unsubscribed.ts'
import { UpdateMessage } from './server/update.ts'
import type { StreamEventMessage } from './stream-event.ts'

/**
 * The schemas of the server's messages, by their `type` on the wire. Events have types of boards: see
 * `server/event.ts`.
 */
export const SERVER_SCHEMAS = {
  hello: HelloMessage,
  authenticated: AuthenticatedMessage,
  snapshot: SnapshotMessage,
  update: UpdateMessage,
  resumed: ResumedMessage,
  caught_up: CaughtUpMessage,
  unsubscribed: UnsubscribedMessage,
  resync: ResyncMessage,
  ack: AckMessage,
  heartbeat: ServerHeartbeat,
  reconnect: ReconnectMessage,
  stale: StaleMessage,
  fresh: FreshMessage,
  error: ErrorMessage,
} as const

/** Every message of a server except events. */
export type PlainServerMessage = Static<(typeof SERVER_SCHEMAS)[keyof typeof SERVER_SCHEMAS]>

/** Every message of a server. */
export type ServerMessage = PlainServerMessage | StreamEventMessage

/** The messages of a channel's feed, for which the `packed` format has short forms. */
export type FeedMessage = SnapshotMessage | ResumedMessage | UpdateMessage | StreamEventMessage

/**
 * Holds the names that boards give their events against each other and against the engine's own messages.
 * Throws for a name that would stand for two things, or that no event can have.
 */
export function checkEventNames(names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index || Object.hasOwn(SERVER_SCHEMAS, name))
      throw new Error(`the event ${JSON.stringify(name)} is declared twice`)
    if (!/^[a-z][a-z0-9_.]{0,63}$/.test(name))
      throw new Error(`${JSON.stringify(name)} cannot be the name of an event`)
  }
}

/** Returns the `type` that a message has on the wire. */
export function wireType(message: ServerMessage): string {
  return message.type === 'event' ? message.event : message.type
}
