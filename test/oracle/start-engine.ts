import type { Clock, Random, Timers } from '../../src/core/clock.ts'
import { appError } from '../../src/core/errors.ts'
import type { UserId } from '../../src/core/ids.ts'
import { fail, ok } from '../../src/core/result.ts'
import { createEngine } from '../../src/live/engine.ts'
import type { EngineLimits } from '../../src/live/limits.ts'
import type { Access, Authenticator, BoardMessages, ChannelSource, LiveRelay } from '../../src/live/ports.ts'
import type { Engine } from '../../src/live/types.ts'
import type { MessageParser } from '../../src/protocol/parse.ts'
import { noBoards, noMetrics } from '../support/live.ts'
import type { Socket, Wire } from './wire.ts'
import { EVENTS, sourcesOf, type World } from './world.ts'

/**
 * Starts an engine over a world and a wire. Tokens are names of users, `bad` is invalid; there are no boards
 * unless given.
 */
export function startEngine(
  world: World,
  wire: Wire,
  clock: Clock,
  timers: Timers,
  parts: {
    readonly limits: EngineLimits
    readonly authenticator?: Authenticator
    readonly parser?: MessageParser
    readonly boards?: BoardMessages
    readonly events?: readonly string[]
    readonly relay?: LiveRelay
    /** Replaces the sources of the world. */
    readonly sources?: readonly ChannelSource[]
    readonly random?: Random
    defect(cause: unknown, during: string): void
  },
): Engine<Socket> {
  return createEngine<Socket>({
    clock,
    random: parts.random ?? { bytes: (length) => new Uint8Array(length).fill(128) },
    transport: wire.transport,
    publisher: wire.publisher,
    sources: parts.sources ?? sourcesOf(world),
    access,
    history: world.history(),
    authenticator: parts.authenticator ?? tokens,
    parser: parts.parser ?? noBoards.parser,
    boards: parts.boards ?? noBoards.boards,
    events: parts.events ?? EVENTS,
    metrics: noMetrics,
    relay: parts.relay ?? null,
    limits: parts.limits,
    timers,
    defect: parts.defect,
  })
}

const access: Access = {
  scopeOf(principal, source, workspace) {
    if (source.audience === 'workspace') return ok({ workspace, user: null })
    if (principal.type === 'anonymous') return fail(appError('Unauthorized', 'log in first'))
    return ok({ workspace, user: principal.userId })
  },
}

const tokens: Authenticator = {
  async authenticate(message) {
    const user = 'token' in message ? message.token : 'bad'
    if (user === 'bad') return fail(appError('InvalidCredentials', 'nobody has this token'))
    return ok({ type: 'user', userId: user as UserId, username: user, expiresAt: null })
  },
}
