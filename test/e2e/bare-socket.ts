import { connect } from 'node:net'
import type { JsonObject } from '../../src/core/json.ts'
import { type LoginKey, type Received, signChallenge } from './raw-socket.ts'

/**
 * A WebSocket client on a bare TCP connection that can stop reading, because no library empties the kernel's
 * buffer for it.
 */
export type BareSocket = {
  send(message: JsonObject): void
  /** Waits for the next message of this type; earlier ones stay in `received`. */
  until(type: string): Promise<Received>
  /** Everything that has been read so far, in order. */
  readonly received: readonly Received[]
  stopReading(): void
  goOnReading(): void
  readonly ended: Promise<void>
  readonly isOpen: () => boolean
}

/** Connects, upgrades at `path` and logs in. JSON sessions only. */
export async function openBareSocket(port: number, path: string, key: LoginKey): Promise<BareSocket> {
  const socket = connect(port, '127.0.0.1')
  const received: Received[] = []
  const waiting: { readonly type: string; readonly take: (message: Received) => void }[] = []
  const ended = Promise.withResolvers<void>()
  let open = true
  let upgraded = false
  let rest = Buffer.alloc(0)
  const end = () => {
    open = false
    ended.resolve()
  }
  socket.on('close', end)
  socket.on('error', end)
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, typeof bytes === 'string' ? Buffer.from(bytes) : bytes])
    if (!upgraded) {
      const headEnd = rest.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      upgraded = true
      rest = rest.subarray(headEnd + 4)
    }
    for (let frame = readFrame(rest); frame !== null; frame = readFrame(rest)) {
      rest = frame.rest
      if (frame.opcode !== TEXT) continue
      const message: Received = JSON.parse(frame.payload.toString())
      received.push(message)
      const index = waiting.findIndex(({ type }) => type === message.type)
      if (index >= 0) waiting.splice(index, 1)[0]?.take(message)
    }
  })
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  const bare: BareSocket = {
    send: (message) => void socket.write(textFrame(JSON.stringify(message))),
    until: (type) => new Promise((take) => waiting.push({ type, take })),
    received,
    stopReading: () => void socket.pause(),
    goOnReading: () => void socket.resume(),
    ended: ended.promise,
    isOpen: () => open,
  }
  const { challenge } = await bare.until('hello')
  bare.send({
    type: 'authenticate',
    public_key: key.publicKey,
    signature: signChallenge(key, challenge),
    register: {},
  })
  await bare.until('authenticated')
  return bare
}

const TEXT = 1

/** Returns the first frame of a server's bytes (RFC 6455, 5.2: never masked); null while it is incomplete. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; rest: Buffer<ArrayBuffer> } | null {
  if (bytes.length < 2) return null
  const short = bytes.readUInt8(1)
  const headLength = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < headLength) return null
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < headLength + length) return null
  return {
    opcode: bytes.readUInt8(0) & 0x0f,
    payload: bytes.subarray(headLength, headLength + length),
    rest: Buffer.from(bytes.subarray(headLength + length)),
  }
}

/** Returns a masked text frame of a client. The mask is zero, which servers must accept. */
function textFrame(text: string): Uint8Array {
  const payload = Buffer.from(text)
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | TEXT, ...length, 0, 0, 0, 0]), payload])
}
