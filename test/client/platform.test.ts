import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fraction, platformSocket, systemTimers } from '../../src/client/platform.ts'
import { systemRandom } from '../../src/core/clock.ts'
import type { Frame } from '../../src/protocol/connection.ts'

describe('sockets of the platform', () => {
  let server: ReturnType<typeof start>
  beforeAll(() => {
    server = start()
  })
  afterAll(() => server.stop(true))

  test('a socket keeps the kind of frames, sends headers and reports the close code', async () => {
    const frames: Frame[] = []
    const closed = Promise.withResolvers<readonly [number, string]>()
    const socket = platformSocket({ 'x-test': 'yes' })(`ws://127.0.0.1:${server.port}/`, {
      opened() {
        socket.send('text')
        socket.send(Uint8Array.of(1, 2, 3))
      },
      received(frame) {
        frames.push(frame)
        if (frames.length === 3) socket.send('close')
      },
      closed: (code, reason) => closed.resolve([code, reason]),
    })
    expect(await closed.promise).toEqual([3001, 'as asked'])
    expect(frames).toEqual(['yes', 'text', Uint8Array.of(1, 2, 3)])
    // After the close nothing is sent, and nothing throws.
    socket.send('late')
  })

  test('a socket to an address where nothing listens is closed with 1006', async () => {
    const closed = Promise.withResolvers<number>()
    platformSocket()('ws://127.0.0.1:1/', { opened() {}, received() {}, closed: closed.resolve })
    expect(await closed.promise).toBe(1006)
  })
})

test('timers can be cancelled', async () => {
  let calls = 0
  const cancel = systemTimers.after(5, () => {
    calls += 1
  })
  cancel()
  await new Promise<void>((resolve) => systemTimers.after(20, resolve))
  expect(calls).toBe(0)
})

test('random fractions are from 0 to below 1', () => {
  for (let count = 0; count < 1000; count++) {
    const value = fraction(systemRandom)
    expect(value).toBeGreaterThanOrEqual(0)
    expect(value).toBeLessThan(1)
  }
  expect(fraction({ bytes: (length) => new Uint8Array(length).fill(255) })).toBeLessThan(1)
})

/** Says the header back, then echoes; closes on `close`. */
function start() {
  return Bun.serve<{ readonly header: string }>({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, own) {
      const data = { header: request.headers.get('x-test') ?? '' }
      return own.upgrade(request, { data }) ? undefined : new Response(null, { status: 426 })
    },
    websocket: {
      open: (socket) => void socket.send(socket.data.header),
      message(socket, frame) {
        if (frame === 'close') socket.close(3001, 'as asked')
        else socket.send(frame)
      },
    },
  })
}
