import type { SigningKey } from '../../client/api.ts'
import { toBase64url } from '../../core/base64url.ts'
import type { Millis } from '../../core/clock.ts'
import { type AppError, appError, ERROR_CODES } from '../../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { loginText } from '../../protocol/login-text.ts'
import { numberIn, textIn } from './fields.ts'

/** REST with a login by the same key as the socket's. Errors are the server's own, or ConnectionError. */
export type Rest = { get(path: string): Promise<Result<Json>> }

export type RestDeps = {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>
  readonly key: SigningKey
  /** Only challenges that name this origin are signed. */
  readonly origin: string
  /** Returns the server's time, in ms. */
  readonly now: () => Millis
}

/**
 * Logs in when first needed, and again when the access token has run out; calls at the same time share one
 * login.
 */
export function createRest(deps: RestDeps): Rest {
  let login: Promise<Result<Access>> | null = null
  const access = async (): Promise<Result<Access>> => {
    const known = login === null ? null : await login
    if (known?.ok === true && known.value.expires - RENEWAL_MARGIN > deps.now()) return known
    login = logIn(deps)
    return login
  }
  return {
    async get(path) {
      for (let attempt = 1; ; attempt++) {
        const granted = await access()
        if (!granted.ok) {
          login = null
          return granted
        }
        const headers = { authorization: `Bearer ${granted.value.token}` }
        const answer = await request(deps, path, { headers })
        const isRefused =
          !answer.ok && (answer.error.code === 'SessionExpired' || answer.error.code === 'Unauthorized')
        if (!isRefused || attempt > 1) return answer
        login = null
      }
    },
  }
}

/** An access token and when it ends. */
type Access = { readonly token: string; readonly expires: Millis }

/** How long before its end a token is replaced, so that it does not run out on the way. */
const RENEWAL_MARGIN: Millis = 30_000

async function logIn(deps: RestDeps): Promise<Result<Access>> {
  const asked = await request(deps, '/api/auth/challenge', { method: 'POST' })
  if (!asked.ok) return asked
  const fields: JsonObject = isJsonObject(asked.value) ? asked.value : {}
  const challenge = {
    nonce: textIn(fields, 'nonce'),
    origin: textIn(fields, 'origin'),
    session: 'rest',
    expires: numberIn(fields, 'expires'),
  }
  // A signature for another origin could be used there.
  if (challenge.origin !== deps.origin) {
    return fail(
      appError('InvalidCredentials', `the server calls itself ${challenge.origin}, not ${deps.origin}`),
    )
  }
  const signature = await deps.key.sign(loginText(challenge))
  const verified = await request(deps, '/api/auth/verify', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      public_key: toBase64url(deps.key.publicKey),
      signature: toBase64url(signature),
      nonce: challenge.nonce,
      expires: challenge.expires,
    }),
  })
  if (!verified.ok) return verified
  const grant: JsonObject = isJsonObject(verified.value) ? verified.value : {}
  return ok({ token: textIn(grant, 'access_token'), expires: numberIn(grant, 'expires') })
}

async function request(deps: RestDeps, path: string, init: RequestInit): Promise<Result<Json>> {
  try {
    const response = await deps.fetch(path, init)
    const body: Json = await response.json()
    return response.ok ? ok(body) : fail(errorFrom(body, response.status))
  } catch {
    return fail(appError('ConnectionError', 'the server could not be reached'))
  }
}

/** The server's one error format. */
function errorFrom(body: Json, status: number): AppError {
  const error = isJsonObject(body) && isJsonObject(body.error) ? body.error : isJsonObject(body) ? body : null
  const code = ERROR_CODES.find((known) => known === textIn(error, 'code'))
  if (code === undefined) return appError('InternalError', `the server answered with status ${status}`)
  const retryAfter = numberIn(error, 'retry_after')
  return appError(code, textIn(error, 'message'), retryAfter > 0 ? retryAfter : undefined)
}
