import { toBase64url } from '../core/base64url.ts'
import type { SessionId } from '../core/ids.ts'
import { WIRE_FORMATS } from '../protocol/connection.ts'
import { LIMITS } from '../protocol/limits.ts'
import { PROTOCOL_VERSION } from '../protocol/protocol-version.ts'
import { Session } from './model.ts'
import type { Challenge } from './ports.ts'
import { send } from './send.ts'
import type { LiveState } from './state.ts'
import { subscribeToPreset } from './subscribe.ts'
import type { OpenOptions } from './types.ts'

/** Opens a session: sends `hello` with a challenge of its own, then subscribes to its preset. */
export function openSession<Socket>(
  live: LiveState<Socket>,
  socket: Socket,
  options: OpenOptions,
): Session<Socket> {
  const { clock, limits, metrics } = live.deps
  const now = clock.now()
  const id = randomText(live, 16)
  const challenge: Challenge = {
    nonce: randomText(live, 32),
    origin: options.origin,
    session: id,
    expires: now + CHALLENGE_LIFETIME,
  }
  const session = new Session(socket, id as SessionId, options, challenge, now, limits.messages.burst)
  live.sessions.add(session)
  metrics.connected(session.clientType, 1)
  send(live, session, {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    session: id,
    heartbeat: limits.heartbeatMillis / 1000,
    server_time: now,
    formats: WIRE_FORMATS,
    limits: {
      message_bytes: LIMITS.messageBytes,
      subscriptions: limits.subscriptions,
      messages_per_second: limits.messages.rate,
    },
    public_channels: live.publicChannels,
    ...(live.aliases === null ? {} : { aliases: live.aliases }),
    events: live.deps.events,
    challenge,
  })
  if (live.staleSince !== null) send(live, session, { type: 'stale', since: live.staleSince })
  subscribeToPreset(live, session, options.preset)
  return session
}

function randomText<Socket>(live: LiveState<Socket>, bytes: number): string {
  return toBase64url(live.deps.random.bytes(bytes))
}

/**
 * How long a challenge is valid, ms. A user may look at public channels for a while before the login. A
 * challenge is valid for one login on the socket to which it was sent; after that time the client is told to
 * connect again for a new one (L-5). It is not longer, because a used challenge is remembered until it
 * expires.
 */
const CHALLENGE_LIFETIME = 60 * 60 * 1000
