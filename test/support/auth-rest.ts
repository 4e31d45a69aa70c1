import { Elysia } from 'elysia'
import { AppException } from '../../src/core/errors.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import { type AuthBench, type TestKey, testKey } from './auth.ts'

export type Body = { readonly [name: string]: unknown }
export type Tokens = {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string }
}
export type RestChallenge = Parameters<typeof loginText>[0]

/**
 * The routes of auth, called without a network. Refusals have the status 401, bodies that do not fit have
 * 400.
 */
export function openAuthRest(bench: AuthBench) {
  const app = new Elysia().onError(({ error }) =>
    error instanceof AppException
      ? Response.json({ code: error.error.code, message: error.error.message }, { status: 401 })
      : Response.json({ code: 'other', message: String(error) }, { status: 400 }),
  )
  for (const routes of bench.auth.routes) app.use(routes)

  async function call(method: string, path: string, body?: Body, token?: string, origin?: string) {
    const headers = new Headers({ 'content-type': 'application/json' })
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    if (origin !== undefined) headers.set('origin', origin)
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    const response = await app.handle(new Request(`http://localhost:8080${path}`, init))
    const answered: Body = await response.json()
    return { status: response.status, body: answered, headers: response.headers }
  }

  async function challenge(origin?: string): Promise<RestChallenge> {
    const { body } = await call('POST', '/api/auth/challenge', undefined, undefined, origin)
    return {
      nonce: String(body.nonce),
      origin: String(body.origin),
      session: String(body.session),
      expires: Number(body.expires),
    }
  }

  return {
    call,
    challenge,
    verify: (body: Body, origin?: string) => call('POST', '/api/auth/verify', body, undefined, origin),
    /** Registers the key, or logs in with it. */
    async login(key: TestKey = testKey(1)): Promise<Tokens> {
      const { body } = await call('POST', '/api/auth/verify', {
        ...signed(key, await challenge()),
        register: {},
      })
      return tokensOf(body)
    },
    refresh: (token: string) => call('POST', '/api/auth/refresh', { refresh_token: token }),
  }
}

export type AuthRest = ReturnType<typeof openAuthRest>

/** Returns the request body that answers a challenge. */
export function signed(key: TestKey, given: RestChallenge, text: Uint8Array = loginText(given)) {
  return { public_key: key.publicKey, signature: key.sign(text), nonce: given.nonce, expires: given.expires }
}

/** Returns the code and message of a refusal. */
export function refusal(response: { readonly body: Body }): string {
  return `${response.body.code}: ${response.body.message}`
}

export function tokensOf(body: Body): Tokens {
  const { access_token, refresh_token, user } = body
  const id = typeof user === 'object' && user !== null && 'id' in user ? user.id : undefined
  if (typeof access_token !== 'string' || typeof refresh_token !== 'string' || typeof id !== 'string') {
    throw new Error(`no tokens: ${JSON.stringify(body)}`)
  }
  return { access_token, refresh_token, user: { id } }
}
