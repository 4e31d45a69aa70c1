import { describe, expect, test } from 'bun:test'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { Harness } from './harness.ts'

describe('small questions with costly answers cannot take the server', () => {
  test('P-12: a large answer counts as more messages, an ordinary one does not', () => {
    const harness = new Harness()
    const peer = harness.open()
    const isRefused = (message: ClientMessage) => {
      peer.read()
      peer.send(message)
      return peer.types().includes('error')
    }
    harness.patch('shared', { small: 1 })
    harness.tick()
    for (let n = 0; n < 40; n++) expect(isRefused({ type: 'subscribe', channels: ['shared'] })).toBe(false)
    harness.patch('shared', { large: 'x'.repeat(300 * 1024) })
    harness.tick()
    harness.clock.time += 10_000
    // 40 at once, of which each takes 1 + 4.
    for (let n = 0; n < 8; n++) expect(isRefused({ type: 'refresh' })).toBe(false)
    expect(isRefused({ type: 'refresh' })).toBe(true)
    harness.clock.time += 1_000
    expect(isRefused({ type: 'refresh' })).toBe(false)
  })

  test('P-12: journal rows that a resume reads count too, but never as the whole allowance', () => {
    for (const [rows, price] of [
      [100, 0],
      [640, 5],
      [5_000, 8],
    ] as const) {
      const harness = new Harness()
      const start = harness.world.seq
      for (let n = 0; n < rows; n++) harness.patch('shared', { n })
      harness.tell()
      const peer = harness.open()
      peer.send({ type: 'subscribe', channels: ['shared'], cursors: { shared: { epoch: 7, seq: start } } })
      expect({ rows, tokens: peer.session.tokens }).toEqual({ rows, tokens: 40 - 1 - price })
    }
    const harness = new Harness()
    const peer = harness.open()
    harness.patch('shared', { large: 'x'.repeat(3_000_000) })
    harness.tick()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    expect(peer.session.tokens).toBe(40 - 1 - 16)
  })
})
