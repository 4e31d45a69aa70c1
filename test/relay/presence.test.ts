import { describe, expect, test } from 'bun:test'
import { createPresence, keepPresence, PRESENCE_TIMEOUT } from '../../src/relay/presence.ts'
import { hubOfOneHost } from '../support/relay-ends.ts'
import { until } from '../support/until.ts'

describe('presence', () => {
  test('a host alone is present, with its own clients', () => {
    const { presence } = host('a', 3)
    expect(presence.hosts()).toEqual([{ node: 'a', region: 'fra', connections: 3 }])
    expect(presence.total()).toEqual({ hosts: 1, connections: 3 })
  })

  test('others are present from their first announcement on, with their newest one', () => {
    const [a, b] = [host('a', 1), host('b', 10)]
    a.presence.receive(b.presence.announcement(false))
    expect(a.presence.total()).toEqual({ hosts: 2, connections: 11 })
    b.has(4)
    a.presence.receive(b.presence.announcement(false))
    expect(a.presence.hosts()).toEqual([
      { node: 'a', region: 'fra', connections: 1 },
      { node: 'b', region: 'fra', connections: 4 },
    ])
  })

  test('a silent host is gone, and present again with its next announcement', () => {
    const [a, b] = [host('a', 1), host('b', 10)]
    a.presence.receive(b.presence.announcement(false))
    a.passes(PRESENCE_TIMEOUT)
    expect(a.presence.total().hosts).toBe(2)
    a.passes(1)
    expect(a.presence.total()).toEqual({ hosts: 1, connections: 1 })
    a.presence.receive(b.presence.announcement(false))
    expect(a.presence.total().hosts).toBe(2)
  })

  test('a host that announces that it leaves is gone at once', () => {
    const [a, b] = [host('a', 1), host('b', 10)]
    a.presence.receive(b.presence.announcement(false))
    a.presence.receive(b.presence.announcement(true))
    expect(a.presence.total()).toEqual({ hosts: 1, connections: 1 })
  })

  test('two hosts of the same name are two; its own announcement, received again, is none', () => {
    const [a, b] = [host('same', 1, 'id 1'), host('same', 2, 'id 2')]
    a.presence.receive(b.presence.announcement(false))
    a.presence.receive(a.presence.announcement(false))
    expect(a.presence.total()).toEqual({ hosts: 2, connections: 3 })
  })

  test('nonsense is ignored, and a further field does no harm', () => {
    const { presence } = host('a', 1)
    const said = { id: 'x', node: 'x', region: '', connections: 5 }
    const nonsense: readonly unknown[] = [
      null,
      [],
      'x',
      5,
      {},
      { ...said, id: '' },
      { ...said, id: 'x'.repeat(65) },
      { ...said, node: 7 },
      { ...said, node: '' },
      { ...said, region: null },
      { ...said, connections: -1 },
      { ...said, connections: 1.5 },
      { ...said, connections: 1e10 },
      { ...said, connections: '5' },
      { ...said, leaving: 'yes' },
      { ...said, more: 'x'.repeat(2_000) },
    ]
    for (const value of nonsense) presence.receive(JSON.stringify(value))
    for (const text of ['', '{', 'undefined', '\0', '{"id":"x","id":}', '['.repeat(1_000)])
      presence.receive(text)
    expect(presence.total().hosts).toBe(1)
    presence.receive(JSON.stringify({ ...said, version: '9' }))
    expect(presence.hosts()[1]).toEqual({ node: 'x', region: '', connections: 5 })
  })

  test('a flood of names takes no more than a thousand places, and is forgotten again', () => {
    const { presence, passes } = host('a', 1)
    const flood = (from: number) => {
      for (let n = from; n < from + 1_500; n++)
        presence.receive(JSON.stringify({ id: `i${n}`, node: 'x', region: '', connections: 0 }))
    }
    flood(0)
    expect(presence.total().hosts).toBe(1_001)
    passes(PRESENCE_TIMEOUT + 1)
    flood(10_000)
    expect(presence.hosts().some(({ node }) => node === 'a')).toBe(true)
    expect(presence.total().hosts).toBe(1_001)
  })
})

describe('presence over a relay', () => {
  test('each host is announced at once, at every interval, and when it ends', async () => {
    const hub = hubOfOneHost()
    const [a, b] = [host('a', 1), host('b', 10)]
    const beats: (() => void)[] = []
    const every = (period: number, run: () => void) => {
      expect(period).toBe(1_000)
      beats.push(run)
      return () => void beats.splice(beats.indexOf(run), 1)
    }
    keepPresence(a.presence, hub.join(), every)
    const leave = keepPresence(b.presence, hub.join(), every)
    await until(() => a.presence.total().hosts === 2, 'b at a')
    // What a said before b was there is lost; its next word is not.
    expect(b.presence.total().hosts).toBe(1)
    for (const beat of beats) beat()
    await until(() => b.presence.total().connections === 11, 'a at b')
    leave()
    await until(() => a.presence.total().hosts === 1, 'b gone')
    for (const beat of beats) beat()
    expect(beats.length).toBe(1)
  })
})

/** A host whose clock and clients are turned here. */
function host(node: string, clients: number, id = node) {
  let now = 0
  let connections = clients
  return {
    presence: createPresence({ id, node, region: 'fra', connections: () => connections, now: () => now }),
    passes(millis: number) {
      now += millis
    },
    has(count: number) {
      connections = count
    },
  }
}
