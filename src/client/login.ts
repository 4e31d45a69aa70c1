import { toBase64url } from '../core/base64url.ts'
import { type AppError, appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { AuthenticateMessage } from '../protocol/client/authenticate.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { loginText } from '../protocol/login-text.ts'
import type { AuthenticatedMessage } from '../protocol/server/authenticated.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import type { HelloMessage } from '../protocol/server/hello.ts'
import type { ClientUser, Credentials } from './api.ts'

export type LoginDeps = {
  /** Returns host and port at which this client reaches the server; challenges of others are not signed. */
  readonly host: () => string
  send(message: ClientMessage): boolean
  serverNow(): number
  error(error: AppError): void
  user(user: ClientUser | null): void
  /** Asks for a new connection, because the present one can no longer be used to log in. */
  restart(reason: string): void
  /** Asks to stop, because a login is impossible. */
  stop(reason: string): void
}

type Challenge = HelloMessage['challenge']

/** The credentials of a client, and the login of the present connection. */
export class Login {
  readonly #deps: LoginDeps
  #credentials: Credentials | null
  #user: ClientUser | null = null
  /** The connection's challenge; null when it is used or there is no connection. */
  #challenge: Challenge | null = null
  #isConnected = false
  /** The session for which a login message is being made. */
  #session: string | null = null
  #lastError: AppError | null = null
  #waiting: ((result: Result<ClientUser>) => void)[] = []

  constructor(credentials: Credentials | null, deps: LoginDeps) {
    this.#credentials = credentials
    this.#deps = deps
  }

  get user(): ClientUser | null {
    return this.#user
  }

  get hasCredentials(): boolean {
    return this.#credentials !== null
  }

  /** Logs in with these credentials, now and after every reconnect. */
  login(credentials: Credentials): Promise<Result<ClientUser>> {
    this.#credentials = credentials
    this.#lastError = null
    const result = new Promise<Result<ClientUser>>((resolve) => this.#waiting.push(resolve))
    if (!this.#isConnected) return result
    if (this.#user === null && this.#isFresh()) void this.#authenticate()
    else this.#deps.restart('logging in')
    return result
  }

  logout(): void {
    this.#credentials = null
    if (this.#user !== null) this.#deps.restart('logging out')
  }

  /** A new connection, with a new challenge. */
  up(challenge: Challenge): void {
    this.#isConnected = true
    this.#challenge = challenge
    if (this.#credentials !== null) void this.#authenticate()
  }

  down(): void {
    this.#isConnected = false
    this.#challenge = null
    this.#setUser(null)
  }

  /** No connection will follow. */
  closed(reason: string): void {
    this.#settle(fail(this.#lastError ?? appError('ConnectionClosed', reason)))
  }

  authenticated(message: AuthenticatedMessage): void {
    this.#setUser(message.user)
    this.#settle(ok(message.user))
  }

  /** Takes an error that names no channel and no message: while a login is under way, it is the refusal. */
  refused({ code, message, retry_after }: ErrorMessage): void {
    if (this.#credentials !== null && this.#user === null)
      this.#lastError = appError(code, message, retry_after)
  }

  #isFresh(): boolean {
    return this.#challenge !== null && this.#challenge.expires > this.#deps.serverNow() + EXPIRY_MARGIN
  }

  /** Sends `authenticate`, which uses up the connection's challenge (rule L-4). */
  async #authenticate(): Promise<void> {
    const challenge = this.#challenge
    const credentials = this.#credentials
    if (challenge === null || credentials === null) return
    this.#challenge = null
    this.#lastError = null
    const session = challenge.session
    this.#session = session
    const message = await authenticateMessage(credentials, challenge, this.#deps.host())
    // Signing takes a while: the connection or the credentials may have changed.
    if (this.#session !== session || !this.#isConnected || this.#credentials !== credentials) return
    if (message.ok) {
      this.#deps.send(message.value)
    } else {
      this.#lastError = message.error
      this.#deps.error(message.error)
      this.#deps.stop(message.error.message)
    }
  }

  #setUser(user: ClientUser | null): void {
    if (this.#user === null && user === null) return
    this.#user = user
    this.#deps.user(user)
  }

  #settle(result: Result<ClientUser>): void {
    for (const resolve of this.#waiting.splice(0)) resolve(result)
  }
}

async function authenticateMessage(
  credentials: Credentials,
  challenge: Challenge,
  host: string,
): Promise<Result<AuthenticateMessage>> {
  try {
    if (credentials.type === 'token') return ok({ type: 'authenticate', token: await credentials.token() })
    // A server could relay another server's challenge and log in there with the answer (rule L-1).
    if (!hasHost(challenge.origin, host))
      throw new Error(`the challenge is of ${challenge.origin}, not of ${host}`)
    const { key, register } = credentials
    const signature = await key.sign(loginText(challenge))
    return ok({
      type: 'authenticate',
      public_key: toBase64url(key.publicKey),
      signature: toBase64url(signature),
      ...(register === undefined ? {} : { register }),
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return fail(appError('InvalidCredentials', `could not make the login message: ${why}`))
  }
}

function hasHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}

/** A challenge that expires within this time may have expired when the answer arrives, in ms. */
const EXPIRY_MARGIN = 2000
