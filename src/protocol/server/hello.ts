import { type Static, Type } from '@sinclair/typebox'
import { WIRE_FORMATS } from '../connection.ts'
import { base64url, channel, dictionary, list, message, natural, oneOf, text, timestamp } from '../schema.ts'

/** What a client signs to log in; valid for one login of one session. */
export const ChallengeFields = Type.Object({
  nonce: base64url('32 random bytes as base64url without padding', 32),
  origin: text('origin of the server as the client asked for it', 256),
  session: text('id of the session, or `rest`', 64),
  expires: timestamp,
})
export type ChallengeFields = Static<typeof ChallengeFields>

/** Always the first message of a session. */
export const HelloMessage = message('hello', {
  protocol: natural('version of this protocol'),
  session: text('id of the session', 64),
  heartbeat: natural('seconds between two signs of life'),
  server_time: timestamp,
  formats: list(oneOf('format of frames', WIRE_FORMATS)),
  limits: Type.Object({
    message_bytes: natural('bytes of one message from a client'),
    subscriptions: natural('channels a session may hold'),
    messages_per_second: natural('messages a client may send a second'),
  }),
  public_channels: list(channel),
  /** Names of channels by their aliases (rule S-14); missing when there are none. */
  aliases: Type.Optional(dictionary(channel)),
  /** Optional, as every later field, so that clients can read the `protocol` of servers of other versions. */
  events: Type.Optional(list(text('name of a stream event', 64))),
  challenge: ChallengeFields,
})
export type HelloMessage = Static<typeof HelloMessage>
