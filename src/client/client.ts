import { toBase64url } from '../core/base64url.ts'
import { type AppError, appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import type { HelloMessage } from '../protocol/server/hello.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type {
  Client,
  ClientOptions,
  ClientUser,
  LinkState,
  Outbox,
  OutboxDeps,
  RequestMessage,
} from './api.ts'
import { Channels } from './channels.ts'
import { Link } from './link.ts'
import { Listeners } from './listeners.ts'
import { Login } from './login.ts'
import { Pings } from './pings.ts'
import { fraction, PLATFORM, platformSocket } from './platform.ts'
import { Requests } from './requests.ts'
import { ServerClock } from './server-clock.ts'

export type * from './api.ts'

/**
 * Returns a client of the live server, for browsers and Bun. Nothing happens before `connect`. Channels may
 * be subscribed to at any time, also while there is no connection. Throws SyntaxError when `url` is not an
 * address; everything else that can go wrong is a state, a result or an `onError`.
 */
export function createClient(options: ClientOptions): Client {
  return new LiveClient(options)
}

class LiveClient implements Client {
  readonly #link: Link
  readonly #login: Login
  readonly #channels: Channels
  readonly #clock: ServerClock
  readonly #pings: Pings
  readonly #outboxDeps: OutboxDeps
  readonly #outboxes: Outbox[] = []
  readonly #requests: Requests
  /** Whether a user is logged in on the present connection. */
  #isReady = false
  readonly #states = new Listeners<[state: LinkState]>()
  readonly #users = new Listeners<[user: ClientUser | null]>()
  readonly #errors = new Listeners<[error: AppError]>()
  #hello: HelloMessage | null = null

  constructor(options: ClientOptions) {
    const clock = options.clock ?? PLATFORM.clock
    const random = options.random ?? PLATFORM.random
    const timers = options.timers ?? PLATFORM.timers
    const error = (error: AppError) => this.#errors.notify(error)
    const format = options.format ?? 'msgpack'
    const { url, clientType = 'web', workspace = DEFAULT_WORKSPACE } = options
    let address = ''
    const buildAddress = (from: string): string => {
      address = addressOf(from, clientType, format, workspace)
      return address
    }
    // Throws now, not at `connect`.
    if (typeof url === 'string') buildAddress(url)
    const nextAddress = () => (typeof url === 'string' ? address : buildAddress(url()))
    const link = new Link(
      {
        url: nextAddress,
        format,
        encodeMsgpack: options.encodeMsgpack,
        open: options.webSocket ?? platformSocket(),
        clock,
        random,
        timers,
      },
      {
        up: (hello, sentAt) => this.#up(hello, sentAt),
        down: () => this.#down(),
        message: (message) => this.#handle(message),
        heartbeatAnswered: (serverTime, sentAt) => {
          this.#clock.learn(serverTime, sentAt)
          this.#pings.answered(sentAt)
        },
        lost: (channel) => this.#channels.lost(channel),
        broken: (reason) =>
          error(appError('MessageParseError', `a frame of the server cannot be read: ${reason}`)),
        state: (state) => this.#state(state),
      },
    )
    const send = link.send.bind(link)
    this.#link = link
    this.#clock = new ServerClock(clock)
    this.#pings = new Pings(timers, clock)
    const randomFraction = () => fraction(random)
    this.#channels = new Channels({ clock, timers, random: randomFraction, workspace, send, error })
    this.#login = new Login(options.credentials ?? null, {
      host: () => new URL(address).host,
      send,
      error,
      serverNow: () => this.#clock.now(),
      user: (user) => this.#users.notify(user),
      restart: (reason) => link.restart(reason),
      stop: (reason) => link.stop(LOGIN_FAILED, reason),
    })
    const prefix = toBase64url(random.bytes(9))
    let messages = 0
    this.#outboxDeps = {
      send,
      error,
      nextId: () => `${prefix}-${++messages}`,
      hasCredentials: () => this.#login.hasCredentials,
      timers,
      random: randomFraction,
    }
    this.#requests = this.addOutbox((deps) => new Requests(deps))
  }

  get state() {
    return this.#link.state
  }

  get user() {
    return this.#login.user
  }

  get hello() {
    return this.#hello
  }

  connect(): void {
    this.#link.start()
  }

  close(): void {
    this.#link.stop(NORMAL_CLOSURE, 'closed by this client')
  }

  retry(): void {
    this.#link.retry()
  }

  login(credentials: Parameters<Client['login']>[0]) {
    return this.#login.login(credentials)
  }

  logout(): void {
    this.#login.logout()
  }

  subscribe(...[channel, { workspace } = {}]: Parameters<Client['subscribe']>) {
    return this.#channels.subscribe({ channel, workspace })
  }

  events(...[channel, listener, after, { workspace } = {}]: Parameters<Client['events']>) {
    return this.#channels.events({ channel, workspace }, listener, after ?? null)
  }

  request(message: RequestMessage, { isRepeatable = false } = {}) {
    return this.#requests.request(message, isRepeatable)
  }

  addOutbox<Added extends Outbox>(create: (deps: OutboxDeps) => Added): Added {
    const outbox = create(this.#outboxDeps)
    this.#outboxes.push(outbox)
    if (this.#isReady) outbox.ready()
    return outbox
  }

  ping(timeoutMillis = PING_TIMEOUT) {
    return this.#pings.ping(() => this.#link.sendHeartbeat(), timeoutMillis)
  }

  onState(listener: (state: LinkState) => void) {
    return this.#states.add(listener)
  }

  onUser(listener: (user: ClientUser | null) => void) {
    return this.#users.add(listener)
  }

  onError(listener: (error: AppError) => void) {
    return this.#errors.add(listener)
  }

  serverNow() {
    return this.#clock.now()
  }

  #up(hello: HelloMessage, sentAt: number): void {
    this.#hello = hello
    this.#clock.learn(hello.server_time, sentAt)
    this.#login.up(hello.challenge)
    this.#channels.learnAliases(hello.aliases ?? {})
    if (!this.#login.hasCredentials) {
      this.#channels.ready(() => true)
    } else {
      // Public channels need not wait for the login.
      const open = new Set(hello.public_channels)
      this.#channels.ready((name, workspace) => workspace === DEFAULT_WORKSPACE && open.has(name))
    }
  }

  #down(): void {
    this.#hello = null
    this.#channels.down()
    this.#isReady = false
    for (const outbox of this.#outboxes) outbox.down()
    this.#pings.down()
    this.#login.down()
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case 'authenticated':
        this.#login.authenticated(message)
        this.#channels.ready(() => true)
        this.#isReady = true
        for (const outbox of this.#outboxes) outbox.ready()
        break
      case 'ack':
        this.#outboxes.some((outbox) => outbox.acknowledged(message))
        break
      case 'error':
        this.#refused(message)
        break
      default:
        this.#channels.handle(message)
    }
  }

  #refused(message: ErrorMessage): void {
    const { id, channel } = message
    // The caller gets the error as the result.
    if (
      channel === undefined &&
      id !== undefined &&
      this.#outboxes.some((outbox) => outbox.refused(id, message))
    )
      return
    if (channel !== undefined) this.#channels.handle(message)
    else this.#login.refused(message)
    this.#errors.notify(appError(message.code, message.message, message.retry_after))
  }

  #state(state: LinkState): void {
    if (state.status === 'closed') {
      for (const outbox of this.#outboxes) outbox.closed(state.reason)
      this.#login.closed(state.reason)
    }
    this.#states.notify(state)
  }
}

/** Returns the address with the query that the server reads. */
function addressOf(url: string, type: string, format: string, workspace: string): string {
  const address = new URL(url)
  if (address.protocol === 'http:') address.protocol = 'ws:'
  if (address.protocol === 'https:') address.protocol = 'wss:'
  address.searchParams.set('type', type)
  address.searchParams.set('format', format)
  if (workspace === DEFAULT_WORKSPACE) address.searchParams.delete('workspace')
  else address.searchParams.set('workspace', workspace)
  return address.href
}

/** In ms. */
const PING_TIMEOUT = 5000
/** Close code of RFC 6455. */
const NORMAL_CLOSURE = 1000
/** A code of the state `closed`, never sent: the login message could not be made. */
const LOGIN_FAILED = 4002
