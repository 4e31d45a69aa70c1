import { parseChannelAddress } from '../core/channel-address.ts'
import { type AppError, appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE, type WorkspaceId } from '../core/ids.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { StorageFailure } from '../core/storage.ts'
import type { RefreshMessage } from '../protocol/client/refresh.ts'
import type { SubscribeMessage } from '../protocol/client/subscribe.ts'
import type { UnsubscribeMessage } from '../protocol/client/unsubscribe.ts'
import type { CaughtUpMessage } from '../protocol/server/caught-up.ts'
import { defer, pauseIfSlow, pauseReader, positionsOf } from './back-pressure.ts'
import { type CatchUpRequest, catchUp } from './catch-up.ts'
import { channelFields, workspaceField } from './channel-fields.ts'
import { follow } from './ephemeral/follow.ts'
import { channelOf, hold, joinFeed, leaveFeed, release } from './membership.ts'
import type { Channel, Session } from './model.ts'
import type { ChannelSource } from './ports.ts'
import { isEphemeral } from './positions.ts'
import { send, sendError } from './send.ts'
import { exists, parameterCount, resolveAlias } from './sources.ts'
import type { LiveState } from './state.ts'

/** A channel as a client names it, with its workspace. */
type Wanted = { readonly address: string; readonly workspace: WorkspaceId }

/** Subscribes to channels. Each gets its own answer; one that is refused does not affect the others. */
export function subscribe<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: SubscribeMessage,
): void {
  const { cursors = {} } = message
  const workspace = workspaceOf(session, message)
  const names = namesByAddress(live, message.channels)
  const done: string[] = []
  for (const [index, [address, name]] of names.entries()) {
    const wanted = { address, workspace }
    const cursor = Object.hasOwn(cursors, name) ? cursors[name] : undefined
    const request: CatchUpRequest = cursor === undefined ? { type: 'fresh' } : { type: 'cursor', ...cursor }
    const outcome = subscribeOne(live, session, wanted, request)
    if (outcome.ok) done.push(address)
    else sendError(live, session, outcome.error, { ...channelFields(wanted), id: message.id })
    pauseIfSlow(live, session)
    if (session.link.type !== 'open') {
      // The socket takes no more: the rest follows once it has drained.
      const rest = names.slice(index + 1).map(([, other]) => other)
      if (rest.length === 0) defer(live, session, caughtUp(done, workspace, message))
      else defer(live, session, [...caughtUp(done, workspace, {}), { ...message, channels: rest }])
      return
    }
  }
  for (const each of caughtUp(done, workspace, message)) send(live, session, each)
}

/** Ends subscriptions. Channels that were not held are confirmed too. */
export function unsubscribe<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: UnsubscribeMessage,
): void {
  const workspace = workspaceOf(session, message)
  const channels = namesByAddress(live, message.channels).map(([address]) => address)
  for (const address of channels) drop(live, session, { address, workspace })
  send(live, session, {
    type: 'unsubscribed',
    channels,
    ...workspaceField(workspace),
    ...idOf(message),
  })
}

/**
 * Sends new snapshots of documents that the session holds. A channel that it does not hold is an
 * EntityNotFound.
 */
export function refresh<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: RefreshMessage,
): void {
  const workspace = workspaceOf(session, message)
  // A stream has nothing to refresh: a new start would skip events that the client may have missed.
  const documents = session.channels.filter(
    (channel) => channel.source.kind === 'state' && channel.workspace === workspace,
  )
  const held = new Set(documents.map((channel) => channel.address))
  const addresses =
    message.channels === undefined
      ? [...held]
      : namesByAddress(live, message.channels).map(([address]) => address)
  for (const [index, address] of addresses.entries()) {
    const wanted = { address, workspace }
    const outcome = held.has(address)
      ? subscribeOne(live, session, wanted, { type: 'fresh' })
      : fail(nothingToRefresh(address))
    if (!outcome.ok) sendError(live, session, outcome.error, channelFields(wanted))
    pauseIfSlow(live, session)
    if (session.link.type === 'open') continue
    // The socket takes no more: the rest follows once it has drained.
    const rest = addresses.slice(index + 1)
    if (rest.length > 0) defer(live, session, [{ type: 'refresh', channels: rest, workspace }])
    return
  }
}

/** Subscribes to a preset: to public channels at once, to others after the login. */
export function subscribeToPreset<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  names: readonly string[],
): void {
  const isPublic = (name: string) =>
    session.workspace === DEFAULT_WORKSPACE && live.publicChannels.includes(name)
  const later =
    session.principal.type === 'anonymous'
      ? names.filter((name) => live.sources.has(name) && !isPublic(name))
      : []
  if (session.pendingPreset.length !== later.length) session.pendingPreset = later
  const channels = names.filter((name) => !later.includes(name))
  if (channels.length === 0) return
  if (live.suspended) defer(live, session, [{ type: 'subscribe', channels }])
  else subscribe(live, session, { type: 'subscribe', channels })
}

function subscribeOne<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  wanted: Wanted,
  request: CatchUpRequest,
): Result<null> {
  try {
    const found = find(live, session, wanted)
    if (!found.ok) return found
    const channel = found.value
    if (!session.channels.includes(channel)) {
      const refused = tooMany(live, session, channel)
      if (refused !== null) return fail(refused)
      hold(live, session, channel)
      if (isEphemeral(channel.source)) follow(live, channel, channel.source)
      joinFeed(live, session, channel)
    }
    const stopped = catchUp(live, session, channel, request)
    if (stopped !== null) pauseReader(live, session, positionsOf(live, session, channel, stopped))
    return ok(null)
  } catch (cause) {
    drop(live, session, wanted)
    // Unavailable storage is not a defect, and will be back.
    if (cause instanceof StorageFailure) return fail(notNow(wanted.address))
    live.deps.defect(cause, `answering a subscription to ${wanted.address}`)
    return fail(appError('InternalError', `${wanted.address} cannot be read at the moment; try again`))
  }
}

/**
 * Returns the channel if it exists and this session may read it. Nothing is made for a channel that does not
 * exist.
 */
function find<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  { address, workspace }: Wanted,
): Result<Channel<Socket>> {
  const parsed = parseChannelAddress(address)
  const source: ChannelSource | undefined = parsed === null ? undefined : live.sources.get(parsed.name)
  if (parsed === null || source === undefined) return fail(noSuchChannel(address))
  // Before existence, so that a session without permission cannot find out what exists.
  const scope = live.deps.access.scopeOf(session.principal, source, workspace)
  if (!scope.ok) return scope
  if (!exists(source, scope.value, parsed.parameters)) return fail(noSuchChannel(address))
  return ok(channelOf(live, source, scope.value, parsed.parameters))
}

function drop<Socket>(live: LiveState<Socket>, session: Session<Socket>, wanted: Wanted): void {
  const index = session.channels.findIndex(
    ({ address, workspace }) => address === wanted.address && workspace === wanted.workspace,
  )
  const channel = session.channels[index]
  if (channel === undefined) return
  leaveFeed(live, session, channel)
  release(live, session, index)
}

/**
 * Returns the channels of a message, each once: its address and the name that the client used (rule S-14).
 */
function namesByAddress<Socket>(
  live: LiveState<Socket>,
  names: readonly string[],
): readonly (readonly [address: string, name: string])[] {
  if (live.aliases === null) return [...new Set(names)].map((name) => [name, name])
  const byAddress = new Map<string, string>()
  for (const name of names) {
    const address = resolveAlias(live.sources, name)
    if (!byAddress.has(address)) byAddress.set(address, name)
  }
  return [...byAddress]
}

/** Returns the workspace of a message (rule S-15); its schema has checked the name. */
function workspaceOf<Socket>(
  session: Session<Socket>,
  { workspace }: { readonly workspace?: string },
): WorkspaceId {
  return workspace === undefined ? session.workspace : (workspace as WorkspaceId)
}

/** Returns no message if all channels were refused: then the errors carry the id. */
function caughtUp(
  channels: readonly string[],
  workspace: WorkspaceId,
  message: { readonly id?: string },
): readonly CaughtUpMessage[] {
  if (channels.length === 0) return []
  return [{ type: 'caught_up', channels, ...workspaceField(workspace), ...idOf(message) }]
}

function idOf(message: { readonly id?: string }): { readonly id?: string } {
  return message.id === undefined ? {} : { id: message.id }
}

/** Returns why the session cannot hold this channel too; null if it can. */
function tooMany<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
): AppError | null {
  const { subscriptions, channels } = live.deps.limits
  if (session.channels.length >= subscriptions)
    return appError('RateLimited', `a session may hold ${subscriptions} channels; unsubscribe from one first`)
  const isNew = channel.sessions.length === 0 && parameterCount(channel.source) > 0
  if (!isNew || live.parameterised < channels) return null
  const text = `this server holds ${channels} channels with parameters, which is as many as it may; try again later`
  return appError('ServiceUnavailable', text, BUSY_RETRY)
}

/** Time after which a client may ask again if the server holds too many channels, ms. */
const BUSY_RETRY = 10_000

function noSuchChannel(address: string): AppError {
  return appError('EntityNotFound', `there is no channel named ${address}`)
}

function notNow(address: string): AppError {
  return appError('ServiceUnavailable', `${address} cannot be read at the moment; try again shortly`, 1000)
}

function nothingToRefresh(address: string): AppError {
  return appError('EntityNotFound', `this session holds no document named ${address}; subscribe to it first`)
}
