import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import type { ErrorCode } from '../../src/core/errors.ts'
import { boardMessage } from '../../src/protocol/board-message.ts'
import { text } from '../../src/protocol/schema.ts'
import { Harness, helloAt, settled, type TestSocket } from './harness.ts'

const KEY = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) }
const USER = { id: 'u1', username: 'ada' }
const ORDER = boardMessage('order', { side: text('side', 4), note: Type.Optional(text('note', 8)) })
const BUY = { type: 'order', side: 'buy' }

describe('requests to boards', () => {
  test('V-3: the result is the ack, or the error with the id', async () => {
    const { h, socket } = await loggedIn()
    const taken = h.client.request({ ...BUY, ack: 'replicated' })
    expect(socket.last('order')).toMatchObject({ side: 'buy', ack: 'replicated' })
    await socket.say({ type: 'ack', id: idOf(socket), epoch: 1, seq: 8, value: { order: 5 } })
    expect(await taken).toEqual({ ok: true, value: { epoch: 1, seq: 8, value: { order: 5 } } })
    const refused = h.client.request(BUY)
    await refuse(socket, 'EntityNotFound')
    expect(await refused).toEqual({ ok: false, error: { code: 'EntityNotFound', message: 'no' } })
    expect(h.errors).toEqual([])
  })

  test('wait for the login, and are sent in their order', async () => {
    const h = harness()
    for (const note of ['a', 'b']) void h.client.request({ ...BUY, note })
    const socket = await h.up()
    expect(socket.count('order')).toBe(0)
    await socket.say({ type: 'authenticated', user: USER })
    expect(socket.all('order').map(({ note }) => note)).toEqual(['a', 'b'])
  })

  test('need credentials', async () => {
    const h = new Harness({}, [{ schema: ORDER }])
    expect(await h.client.request(BUY)).toMatchObject({ ok: false, error: { code: 'Unauthorized' } })
  })

  test('V-5: no more than the server accepts may be unanswered', async () => {
    const { h, socket } = await loggedIn()
    for (let n = 0; n < 16; n++) void h.client.request(BUY)
    expect(await h.client.request(BUY)).toMatchObject({ ok: false, error: { code: 'RateLimited' } })
    expect(socket.count('order')).toBe(16)
  })

  test('fail when the connection breaks before the answer', async () => {
    const { h } = await loggedIn()
    const broken = h.client.request(BUY)
    const again = await reconnected(h)
    expect(await broken).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
    expect(again.count('order')).toBe(0)
  })

  test('are sent again under their ids on the next connection if they are repeatable', async () => {
    const { h, socket } = await loggedIn()
    const repeated = h.client.request(BUY, { isRepeatable: true })
    const again = await reconnected(h)
    expect(again.last('order')).toEqual(socket.last('order'))
    await again.say({ type: 'ack', id: idOf(again), epoch: 1, seq: 9 })
    expect(await repeated).toEqual({ ok: true, value: { epoch: 1, seq: 9, value: null } })
  })

  test('are sent again after an error that passes, not before its time, if they are repeatable', async () => {
    const { h, socket } = await loggedIn()
    const repeated = h.client.request(BUY, { isRepeatable: true })
    await refuse(socket, 'ServiceUnavailable', 1000)
    await h.time.advance(999)
    expect(socket.count('order')).toBe(1)
    await h.time.advance(501)
    expect(socket.count('order')).toBe(2)
    await refuse(socket, 'EntityNotFound')
    expect(await repeated).toMatchObject({ ok: false, error: { code: 'EntityNotFound' } })
  })

  test('that wait for a retry when the connection breaks are sent once on the next one', async () => {
    const { h, socket } = await loggedIn()
    void h.client.request(BUY, { isRepeatable: true })
    await refuse(socket, 'ServiceUnavailable', 60_000)
    const again = await reconnected(h)
    await h.time.advance(120_000)
    expect(again.count('order')).toBe(1)
  })

  test('fail when the client is closed', async () => {
    const { h } = await loggedIn()
    const left = [h.client.request(BUY), h.client.request(BUY, { isRepeatable: true })]
    h.client.close()
    for (const result of await Promise.all(left))
      expect(result).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
  })
})

describe('outboxes', () => {
  test('an outbox that is added to a logged-in client is ready at once, and gets the answers to its own messages', async () => {
    const { h, socket } = await loggedIn()
    const heard: string[] = []
    h.client.addOutbox(({ send, nextId }) => ({
      ready: () => void heard.push(`ready: ${send({ ...BUY, id: nextId() })}`),
      down: () => void heard.push('down'),
      closed: (reason) => void heard.push(`closed: ${reason}`),
      acknowledged: ({ id }) => heard.push(`acknowledged: ${id === idOf(socket)}`) > 0,
      refused: () => false,
    }))
    await socket.say({ type: 'ack', id: idOf(socket), epoch: 1, seq: 9 })
    await socket.say({ type: 'error', code: 'InternalError', message: 'nobody asked', id: 'x' })
    await socket.close(1006)
    h.client.close()
    expect(heard).toEqual(['ready: true', 'acknowledged: true', 'down', 'closed: closed by this client'])
    expect(h.errors).toEqual(['nobody asked'])
  })
})

function harness(): Harness {
  return new Harness({ credentials: { type: 'key', key: KEY } }, [{ schema: ORDER }])
}

async function loggedIn() {
  const h = harness()
  const socket = await h.up()
  await socket.say({ type: 'authenticated', user: USER })
  return { h, socket }
}

async function reconnected(h: Harness): Promise<TestSocket> {
  await h.socket.close(1006)
  await h.time.advance(1000)
  await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
  await h.socket.say({ type: 'authenticated', user: USER })
  await settled()
  return h.socket
}

function idOf(socket: TestSocket): string {
  return socket.last('order').id ?? ''
}

async function refuse(socket: TestSocket, code: ErrorCode, after?: number): Promise<void> {
  const wait = after === undefined ? {} : { retry_after: after }
  await socket.say({ type: 'error', code, message: 'no', id: idOf(socket), ...wait })
}
