import { sign } from 'node:crypto'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { type LoginKey, newKey, signChallenge } from '../e2e/raw-socket.ts'
import type { LocalNode } from './local-cluster.ts'

export type RestAnswer = {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: JsonObject
}

/** Asks one node by REST; `token` is one of any node. */
export async function rest(
  node: LocalNode,
  method: string,
  path: string,
  { token, body }: { readonly token?: string; readonly body?: JsonObject } = {},
): Promise<RestAnswer> {
  const headers = new Headers({ 'content-type': 'application/json' })
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const response = await fetch(`${node.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answered: unknown = await response.json()
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    // Whatever came over the wire as an object is one of JSON.
    body: typeof answered === 'object' && answered !== null ? { ...answered } : {},
  }
}

/** Logs in at a node, registering the key. */
export async function logInByRest(node: LocalNode, key: LoginKey, query = ''): Promise<RestAnswer> {
  const { body } = await rest(node, 'POST', '/api/auth/challenge')
  return rest(node, 'POST', `/api/auth/verify${query}`, {
    body: {
      public_key: key.publicKey,
      signature: signChallenge(key, body),
      nonce: body.nonce ?? null,
      expires: body.expires ?? null,
      register: {},
    },
  })
}

/** The token that an answer to a login holds. */
export function tokenOf({ status, body }: RestAnswer): string {
  if (status !== 200) throw new Error(`not logged in: ${status} ${JSON.stringify(body)}`)
  return String(body.access_token)
}

/** Adds a further key to a user, which signs for itself (rule L-13). */
export async function addKey(
  node: LocalNode,
  token: string,
  user: string,
  name: string,
  query = '',
): Promise<RestAnswer> {
  const { body } = await rest(node, 'POST', '/api/auth/challenge')
  const key = newKey()
  const text = `dashboard-server add key v1\norigin: ${body.origin}\nsession: rest\nuser: ${user}\nnonce: ${body.nonce}\nexpires: ${body.expires}`
  return rest(node, 'POST', `/api/auth/keys${query}`, {
    token,
    body: {
      name,
      public_key: key.publicKey,
      signature: sign(null, Buffer.from(text), key.privateKey).toString('base64url'),
      nonce: body.nonce ?? null,
      expires: body.expires ?? null,
    },
  })
}

/** Names of a user's keys that are not revoked, by id, as a node shows them. */
export async function keyNames(node: LocalNode, token: string): Promise<ReadonlyMap<string, string>> {
  const { status, body } = await rest(node, 'GET', '/api/auth/keys', { token })
  if (status !== 200 || !Array.isArray(body.keys))
    throw new Error(`no keys: ${status} ${JSON.stringify(body)}`)
  return new Map(
    body.keys
      .filter(isJsonObject)
      .filter(({ revoked_at: revoked }) => revoked === null)
      .map(({ id, name }) => [String(id), String(name)]),
  )
}
