import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { newKey } from '../e2e/raw-socket.ts'
import { openDevice } from './device.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { holdAgainst } from './oracle.ts'
import { type Reader, startReader } from './reader.ts'
import { addKey, keyNames, logInByRest, rest, tokenOf } from './rest.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const network = process.env.CLUSTER_NETWORK ?? '127.0.2'

describe.skipIf(tools === null)('a primary, the only other candidate, and a node that may not lead', () => {
  let cluster: LocalCluster
  let primary: LocalNode
  let candidate: LocalNode
  let third: LocalNode

  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    cluster = await startLocalCluster({ network, candidates: [true, true, false], binaries: tools })
    await whoIsWho()
  })
  afterAll(() => cluster?.end())

  async function whoIsWho(): Promise<void> {
    primary = await cluster.settled()
    const [first, second, last] = cluster.nodes
    if (first === undefined || second === undefined || last === undefined) throw new Error('three nodes')
    candidate = primary === first ? second : first
    third = last
  }

  /** A user with a reader on each of the nodes, which in the end have all that was acknowledged. */
  async function withReaders(
    work: (key: Reader['key'], readers: readonly Reader[]) => Promise<readonly string[]>,
  ) {
    const key = newKey()
    const readers = cluster.nodes.map((node) => startReader({ key, format: 'json', somewhere: () => node }))
    await poll(15_000, () => (readers.every((reader) => reader.isLive()) ? true : null))
    const acknowledged = (await work(key, readers)).map((id) => ({ id, at: 0 }))
    primary = await cluster.settled()
    for (const reader of readers) {
      expect(await holdAgainst(primary, reader, acknowledged)).toEqual([])
      expect(reader.resyncs()).toBe(0)
      reader.close()
    }
  }

  test('a change committed on the primary reaches a client of each other node', async () => {
    await withReaders(async (key, readers) => {
      const device = await openDevice(primary, key)
      await device.online('here')
      await poll(2_000, () => (readers.every((reader) => reader.saw('here')) ? true : null))
      device.close()
      return ['here']
    })
  })

  test('a write by socket and by REST on a replica is a write', async () => {
    await withReaders(async (key) => {
      for (const [index, replica] of [candidate, third].entries()) {
        const device = await openDevice(replica, key)
        await device.visit(`there-${index}`)
        device.close()
        const user = newKey()
        const login = await logInByRest(replica, user)
        const token = tokenOf(login)
        expect(login.body.registered).toBe(true)
        const id = JSON.stringify(login.body.user).match(/"id":"([^"]+)"/)?.[1] ?? ''
        const added = await addKey(replica, token, id, 'second')
        expect(added.status).toBe(200)
        const path = `/api/auth/keys/${String(added.body.id)}`
        expect((await rest(replica, 'PATCH', path, { token, body: { name: 'third' } })).status).toBe(200)
        expect([...(await keyNames(primary, token)).values()]).toContain('third')
        expect((await rest(replica, 'DELETE', path, { token })).status).toBe(200)
        expect([...(await keyNames(primary, token)).values()]).not.toContain('third')
        // Of any node, on any node.
        expect((await logInByRest(primary, user)).body.registered).toBe(false)
      }
      return ['there-0', 'there-1']
    })
  })

  test('whoever is answered on a replica reads there at once what he wrote', async () => {
    await withReaders(async (key) => {
      const names: string[] = []
      const runs = [candidate, third].map(async (replica, which) => {
        const device = await openDevice(replica, key)
        const token = tokenOf(await logInByRest(replica, key))
        const [own] = (await keyNames(replica, token)).keys()
        const other = newKey()
        for (let turn = 0; turn < 40; turn++) {
          const id = `turn-${which}-${turn}`
          await device.online(id)
          const state = async () => (await rest(replica, 'GET', `/api/networks/${id}`, { token })).body.status
          expect([id, await state()]).toEqual([id, 'online'])
          await device.offline()
          expect([id, await state()]).toEqual([id, 'offline'])
          const path = `/api/auth/keys/${own}`
          // One key of both runs: only its own names count.
          await rest(replica, 'PATCH', path, { token, body: { name: id } })
          const shown = (await keyNames(replica, token)).get(own ?? '') ?? ''
          if (shown.startsWith(`turn-${which}`)) expect(shown).toBe(id)
          names.push(id)
        }
        // A registration, too: known on the replica when it is answered.
        const login = await logInByRest(replica, other)
        expect((await rest(replica, 'GET', '/api/user', { token: tokenOf(login) })).status).toBe(200)
        device.close()
      })
      await Promise.all(runs)
      return names
    })
  })

  test('with ack=replicated a change is acknowledged, on whichever node it is said', async () => {
    await withReaders(async (key) => {
      for (const [index, node] of cluster.nodes.entries()) {
        const device = await openDevice(node, key, { ack: 'replicated' })
        await device.visit(`safe-${index}`)
        device.close()
        expect((await logInByRest(node, newKey(), '?ack=replicated')).status).toBe(200)
      }
      return cluster.nodes.map((_, index) => `safe-${index}`)
    })
  })

  for (const how of ['asleep', 'ended'] as const) {
    test(`with ack=replicated and the only other candidate ${how} nothing is acknowledged, and what is said again counts once`, async () => {
      await whoIsWho()
      const leader = primary
      await withReaders(async (key) => {
        const [id, earlier] = [`once-${how}`, `earlier-${how}`]
        const device = await openDevice(third, key, { ack: 'replicated' })
        const known = await openDevice(third, key, { ack: 'replicated' })
        const plain = await openDevice(primary, key)
        const token = tokenOf(await logInByRest(primary, key))
        await known.online(earlier)
        const shown = async (name: string) => {
          const { points: _grows, ...others } = (
            await rest(primary, 'GET', `/api/networks/${name}`, { token })
          ).body
          return others
        }
        if (how === 'asleep') candidate.freeze(true)
        else expect(await candidate.stop('SIGTERM')).toBe(0)
        const [connected, reported, byRest] = await Promise.all([
          device.say({ type: 'connect', device_id: id }, 'c'),
          known.say(REPORT, 'r'),
          logInByRest(primary, newKey(), '?ack=replicated'),
        ])
        for (const answer of [connected, reported]) expect(answer).toMatchObject(UNAVAILABLE)
        expect(byRest.status).toBe(503)
        expect(Number(byRest.retryAfter)).toBeGreaterThan(0)
        // Stored all the same, and whoever does not ask for more is answered.
        expect((await shown(id)).status).toBe('online')
        await plain.visit(`plain-${how}`)
        const before = await shown(earlier)
        if (how === 'asleep') candidate.freeze(false)
        else await candidate.start()
        // The same again, under the same ids.
        const again = async (who: typeof device, message: JsonObject, name: string) =>
          poll(15_000, async () => ((await who.say(message, name)).type === 'ack' ? true : null))
        await again(device, { type: 'connect', device_id: id }, 'c')
        await again(known, REPORT, 'r')
        expect(await shown(earlier)).toEqual(before)
        await device.offline()
        await known.offline()
        for (const socket of [device, known, plain]) socket.close()
        return [id, earlier, `plain-${how}`]
      })
      // Nobody who slept takes the others' silence for theirs.
      expect((await cluster.settled()).address).toBe(leader.address)
    })
  }
})

const REPORT = {
  type: 'network_update',
  networks: [{ name: 'Home', loss: 0, rtt: 40, bytes_in: 5, bytes_out: 7 }],
}
const UNAVAILABLE = { type: 'error', code: 'ServiceUnavailable', retry_after: expect.any(Number) }

describe.skipIf(tools === null)('a board whose changes have to be on a second node', () => {
  let cluster: LocalCluster
  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK === undefined ? '127.0.3' : `${network}`,
      candidates: [true, true],
      binaries: tools,
      environment: { DASHBOARD_ACK_REPLICATED: 'rewards' },
    })
  })
  afterAll(() => cluster?.end())

  test('is refused without one, unasked; other boards go on', async () => {
    const primary = await cluster.settled()
    const other = cluster.nodes.find((node) => node !== primary)
    if (other === undefined) throw new Error('no other node')
    const key = newKey()
    const reader = startReader({ key, format: 'msgpack', somewhere: () => primary })
    const device = await openDevice(primary, key)
    await device.visit('two')
    other.freeze(true)
    const answer = await device.say({ type: 'connect', device_id: 'one' })
    expect(answer).toMatchObject({
      type: 'error',
      code: 'ServiceUnavailable',
      retry_after: expect.any(Number),
    })
    expect((await logInByRest(primary, newKey())).status).toBe(200)
    other.freeze(false)
    await cluster.settled()
    await device.visit('one')
    expect(
      await holdAgainst(primary, reader, [
        { id: 'one', at: 0 },
        { id: 'two', at: 0 },
      ]),
    ).toEqual([])
    reader.close()
    device.close()
  })
})
