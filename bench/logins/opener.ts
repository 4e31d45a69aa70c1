/**
 * A process that opens sockets as fast as it can and closes each at once: raw ones, or ones that log in with
 * a signature and wait for the first snapshot of a user's channel. It has as little code as possible, because
 * it shares the processors with the server.
 */
import type { SigningKey } from '../../src/client/api.ts'
import { benchKey, loginMessage } from '../support/login-message.ts'

export type OpenerCommand = {
  readonly url: string
  readonly kind: 'raw' | 'login'
  readonly sockets: number
  /** Number of sockets that are being opened at a time. */
  readonly atOnce: number
  /** Number of the first key. */
  readonly first: number
}

export type OpenerAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly seconds: number }
  | { readonly type: 'failed'; readonly reason: string }

/** A channel that only its user may read. */
const SUBSCRIBE = JSON.stringify({ type: 'subscribe', channels: ['rewards.earnings'] })
const keys = new Map<number, SigningKey>()

process.on('message', (command: OpenerCommand) => void run(command))
process.on('disconnect', () => process.exit(0))
tell({ type: 'ready' })

async function run({ url, kind, sockets, atOnce, first }: OpenerCommand): Promise<void> {
  // Keys are made before the first login, so that this is not measured.
  if (kind === 'login') for (let i = 0; i < sockets; i++) keyOf(first + i)
  let next = 0
  const open = kind === 'raw' ? openRaw : openAndLogIn
  const lane = async () => {
    for (let i = next++; i < sockets; i = next++) await open(url, first + i)
  }
  const startedAt = performance.now()
  try {
    await Promise.all(Array.from({ length: atOnce }, lane))
    tell({ type: 'done', seconds: (performance.now() - startedAt) / 1_000 })
  } catch (error) {
    tell({ type: 'failed', reason: String(error) })
  }
}

function openRaw(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = new WebSocket(url)
  socket.onopen = () => {
    resolve()
    socket.close()
  }
  socket.onerror = () => reject(new Error('a raw socket did not open'))
  return promise
}

function openAndLogIn(url: string, number: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = new WebSocket(url)
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    const message: { readonly type: string } = JSON.parse(data)
    switch (message.type) {
      case 'hello':
        socket.send(loginMessage(data, keyOf(number)))
        break
      case 'authenticated':
        socket.send(SUBSCRIBE)
        break
      case 'snapshot':
        resolve()
        socket.close()
        break
      case 'error':
        reject(new Error(data))
        break
    }
  }
  socket.onclose = ({ code, reason }) => reject(new Error(`closed too early: ${code} ${reason}`))
  return promise
}

function keyOf(number: number): SigningKey {
  const known = keys.get(number)
  if (known !== undefined) return known
  const key = benchKey(`login ${number}`)
  keys.set(number, key)
  return key
}

function tell(answer: OpenerAnswer): void {
  process.send?.(answer)
}
