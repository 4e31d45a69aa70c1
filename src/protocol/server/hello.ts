import { type Static, Type } from '@sinclair/typebox'
import { WIRE_FORMATS } from '../connection.ts'
import { base64url, channel, dictionary, list, message, natural, oneOf, text, timestamp } from '../schema.ts'

/** What has to be signed to log in; good for one login of one session. */
export const ChallengeFields = Type.Object({
  nonce: base64url('32 random bytes as base64url without padding', 32),
  origin: text('the server as it names itself', 256),
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
  /**
   * Optional, as all that joined later, so that clients can read `protocol` of a server of another version.
   */
  events: Type.Optional(list(text('name of a stream event', 64))),
  challenge: ChallengeFields,
})
export type HelloMessage = Static<typeof HelloMessage>
