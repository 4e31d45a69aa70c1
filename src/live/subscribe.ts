import { type AppError, appError } from '../core/errors.ts'
import type { Scope } from '../core/ids.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { StorageFailure } from '../core/storage.ts'
import type { RefreshMessage, SubscribeMessage, UnsubscribeMessage } from '../protocol/client-messages.ts'
import type { CaughtUpMessage } from '../protocol/server-messages.ts'
import { type Ask, answer } from './answer.ts'
import { checkReader, defer, positionsOf, takeOff } from './back-pressure.ts'
import { channelOf, hold, joinFeed, leaveFeed, release } from './membership.ts'
import type { ChannelSource } from './ports.ts'
import { send, sendError } from './send.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/** Each channel gets its own answer; a channel that is refused does not keep the others from being served. */
export function subscribe<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: SubscribeMessage,
): void {
  const names = [...new Set(message.channels)]
  const done: string[] = []
  for (const [index, name] of names.entries()) {
    const cursors = message.cursors ?? {}
    const cursor = Object.hasOwn(cursors, name) ? cursors[name] : undefined
    const ask: Ask = cursor === undefined ? { type: 'fresh' } : { type: 'cursor', ...cursor }
    const outcome = subscribeOne(live, session, name, ask)
    if (outcome.ok) done.push(name)
    else sendError(live, session, outcome.error, { channel: name, id: message.id })
    checkReader(live, session)
    if (session.link.type !== 'open') {
      // The answers fill the socket: the rest when it has read them.
      const rest = names.slice(index + 1)
      if (rest.length === 0) defer(live, session, caughtUp(done, message))
      else defer(live, session, [...caughtUp(done, {}), { ...message, channels: rest }])
      return
    }
  }
  for (const each of caughtUp(done, message)) send(live, session, each)
}

/** Gives channels back; one that was not held is confirmed all the same. */
export function unsubscribe<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: UnsubscribeMessage,
): void {
  for (const name of message.channels) drop(live, session, name)
  send(live, session, { type: 'unsubscribed', channels: message.channels, ...idOf(message) })
}

/** New snapshots of documents the session holds; a channel it does not hold is an EntityNotFound. */
export function refresh<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: RefreshMessage,
): void {
  // A stream has nothing to refresh: starting it again would skip what a client may have missed.
  const documents = session.channels.filter((channel) => channel.source.kind === 'state')
  const held = new Set<string>(documents.map((channel) => channel.source.name))
  const names = [...new Set(message.channels ?? held)]
  for (const [index, name] of names.entries()) {
    const outcome = held.has(name)
      ? subscribeOne(live, session, name, { type: 'fresh' })
      : fail(nothingToRefresh(name))
    if (!outcome.ok) sendError(live, session, outcome.error, { channel: name })
    checkReader(live, session)
    if (session.link.type === 'open') continue
    // The snapshots fill the socket: the rest when it has read them.
    const rest = names.slice(index + 1)
    if (rest.length > 0) defer(live, session, [{ type: 'refresh', channels: rest }])
    return
  }
}

/** What a preset asks for: what is public at once, what needs a user once there is one. */
export function subscribeToPreset<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  names: readonly string[],
): void {
  const later =
    session.principal.type === 'anonymous'
      ? names.filter((name) => live.sources.has(name) && !live.publicChannels.includes(name))
      : []
  if (session.wanted.length !== later.length) session.wanted = later
  const channels = names.filter((name) => !later.includes(name))
  if (channels.length === 0) return
  if (live.suspended) defer(live, session, [{ type: 'subscribe', channels }])
  else subscribe(live, session, { type: 'subscribe', channels })
}

function subscribeOne<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  name: string,
  ask: Ask,
): Result<null> {
  const target = resolve(live, session, name)
  if (!target.ok) return target
  try {
    const channel = channelOf(live, target.value.source, target.value.scope)
    if (!session.channels.includes(channel)) {
      if (session.channels.length >= live.deps.limits.subscriptions) return fail(tooMany(live))
      hold(live, session, channel)
      joinFeed(live, session, channel)
    }
    const stopped = answer(live, session, channel, ask)
    if (stopped !== null) takeOff(live, session, positionsOf(live, session, channel, stopped))
    return ok(null)
  } catch (cause) {
    drop(live, session, name)
    // Storage that gives way is no defect, and comes back.
    if (cause instanceof StorageFailure) return fail(notNow(name))
    live.deps.defect(cause, `answering a subscription to ${name}`)
    return fail(appError('InternalError', `${name} cannot be read at the moment; try again`))
  }
}

function resolve<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  name: string,
): Result<{ readonly source: ChannelSource; readonly scope: Scope }> {
  const source = live.sources.get(name)
  if (source === undefined) return fail(appError('EntityNotFound', `there is no channel named ${name}`))
  const scope = live.deps.access.scopeOf(session.principal, source)
  return scope.ok ? ok({ source, scope: scope.value }) : scope
}

function drop<Socket>(live: LiveState<Socket>, session: Session<Socket>, name: string): void {
  const index = session.channels.findIndex((channel) => channel.source.name === name)
  const channel = session.channels[index]
  if (channel === undefined) return
  leaveFeed(live, session, channel)
  release(live, session, index)
}

/** None when every channel was refused: the errors carry the id. */
function caughtUp(
  channels: readonly string[],
  message: { readonly id?: string },
): readonly CaughtUpMessage[] {
  return channels.length === 0 ? [] : [{ type: 'caught_up', channels, ...idOf(message) }]
}

function idOf(message: { readonly id?: string }): { readonly id?: string } {
  return message.id === undefined ? {} : { id: message.id }
}

function tooMany<Socket>(live: LiveState<Socket>): AppError {
  const most = live.deps.limits.subscriptions
  return appError('RateLimited', `a session may hold ${most} channels; unsubscribe from one first`)
}

function notNow(name: string): AppError {
  return appError('ServiceUnavailable', `${name} cannot be read at the moment; try again shortly`, 1000)
}

function nothingToRefresh(name: string): AppError {
  return appError('EntityNotFound', `this session holds no document named ${name}; subscribe to it first`)
}
