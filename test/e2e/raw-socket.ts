import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encode, Unpackr } from 'msgpackr'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'

/** 64-bit integers are times in ms here, which a number represents exactly. */
const stock = new Unpackr({ useRecords: false, int64AsType: 'number' })

/** A received message: any object with a `type`. */
export type Received = JsonObject & { readonly type: string }

/**
 * A bare WebSocket with a queue of messages: a client as a stranger would write it in an afternoon, without
 * any code of the server.
 */
export type RawSocket = {
  /** Sends an object in the session's format. */
  send(message: JsonObject): void
  /** Sends a frame unchanged. */
  sendFrame(frame: string | Uint8Array<ArrayBuffer>): void
  /** Waits for the next message of any type. Rejects after ten seconds, or when the socket is closed. */
  next(): Promise<Received>
  /** Waits for the next message of this type with these fields; others before it are dropped. */
  until(type: string, fields?: JsonObject): Promise<Received>
  /** Returns the messages that have arrived and were not read yet. */
  pending(): readonly Received[]
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  close(): void
}

/** Opens `url` (a full `ws://` address with its query). The format follows from the frames that arrive. */
export async function openSocket(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
  // The DOM's types do not have the options of Bun's constructor.
  const socket: WebSocket = Reflect.construct(WebSocket, [url, { headers }])
  socket.binaryType = 'arraybuffer'
  const messages: Received[] = []
  const waiting: ((message: Received | null) => void)[] = []
  let binary = false
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const opened = Promise.withResolvers<void>()
  let ended = false
  socket.addEventListener('open', () => opened.resolve())
  socket.addEventListener('error', () => opened.reject(new Error(`no socket at ${url}`)))
  socket.addEventListener('close', ({ code, reason }) => {
    ended = true
    closed.resolve({ code, reason })
    for (const take of waiting.splice(0)) take(null)
  })
  socket.addEventListener('message', ({ data }) => {
    binary = typeof data !== 'string'
    const message = received(typeof data === 'string' ? JSON.parse(data) : stock.unpack(new Uint8Array(data)))
    const take = waiting.shift()
    if (take === undefined) messages.push(message)
    else take(message)
  })
  await opened.promise

  async function next(): Promise<Received> {
    const ready = messages.shift()
    if (ready !== undefined) return ready
    if (ended) throw new Error('the socket is closed')
    return new Promise((resolve, reject) => {
      const take = (message: Received | null) => {
        clearTimeout(timer)
        if (message === null) reject(new Error('the socket closed before the message came'))
        else resolve(message)
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1)
        reject(new Error('no message for ten seconds'))
      }, 10_000)
      waiting.push(take)
    })
  }

  return {
    send: (message) => socket.send(binary ? new Uint8Array(encode(message)) : JSON.stringify(message)),
    sendFrame: (frame) => socket.send(frame),
    next,
    async until(type, fields = {}) {
      const seen: string[] = []
      for (;;) {
        const message = await next().catch((error: unknown) => {
          throw new Error(
            `waiting for ${type} ${JSON.stringify(fields)}: ${String(error)}; before it: ${seen.join(' ')}`,
          )
        })
        if (
          message.type === type &&
          Object.entries(fields).every(([name, value]) => message[name] === value)
        ) {
          return message
        }
        seen.push(message.type === 'error' ? JSON.stringify(message) : message.type)
      }
    },
    pending: () => messages,
    closed: closed.promise,
    close: () => socket.close(),
  }
}

/** A key pair as a login needs it. */
export type LoginKey = { readonly publicKey: string; readonly privateKey: KeyObject }

export function newKey(): LoginKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey: String(publicKey.export({ format: 'jwk' }).x), privateKey }
}

/** Returns the signature over the text that docs/PROTOCOL.md gives for a challenge, as base64url. */
export function signChallenge(key: LoginKey, challenge: Json | undefined): string {
  if (!isJsonObject(challenge)) throw new Error('no challenge')
  const { origin, session, nonce, expires } = challenge
  const text = `dashboard-server login v1\norigin: ${origin}\nsession: ${session}\nnonce: ${nonce}\nexpires: ${expires}`
  return sign(null, Buffer.from(text), key.privateKey).toString('base64url')
}

/** Opens a socket and logs in with the key. */
export async function openLoggedIn(url: string, key: LoginKey): Promise<LoggedInSocket> {
  return logIn(await openSocket(url), key)
}

export type LoggedInSocket = RawSocket & { readonly user: JsonObject }

/** Reads `hello`, logs in with the key (registering it) and reads `authenticated`. */
export async function logIn(socket: RawSocket, key: LoginKey): Promise<LoggedInSocket> {
  const hello = await socket.next()
  socket.send({
    type: 'authenticate',
    public_key: key.publicKey,
    signature: signChallenge(key, hello.challenge),
    register: {},
  })
  const { user } = await socket.until('authenticated')
  if (!isJsonObject(user)) throw new Error('authenticated without a user')
  return { ...socket, user }
}

function received(value: unknown): Received {
  if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string') {
    return { ...value, type: value.type }
  }
  throw new Error(`not a message: ${JSON.stringify(value)}`)
}
