import { expect } from 'bun:test'
import { sign } from 'node:crypto'
import { Unpackr } from 'msgpackr'
import type { OpenSocket } from '../../../src/client/api.ts'
import { createClient } from '../../../src/client/client.ts'
import { platformSocket } from '../../../src/client/platform.ts'
import { type ChannelName, channelKey, DEFAULT_WORKSPACE, type UserId } from '../../../src/core/ids.ts'
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../../src/core/json.ts'
import { openFileForReading } from '../../../src/storage/sqlite/open.ts'
import { type LoginKey, newKey, openLoggedIn, type RawSocket } from '../../e2e/raw-socket.ts'
import type { Seeded } from '../../support/seeded.ts'
import { until } from '../cluster-server.ts'
import type { LocalCluster, LocalNode } from './local-cluster.ts'

const FORMATS = ['json', 'msgpack', 'packed'] as const

export type TrafficOptions = {
  readonly cluster: LocalCluster
  readonly random: Seeded
  readonly users: number
  /** Asked for with every change. */
  readonly ack?: 'replicated'
}

/** A change that was acknowledged, and when (ms, monotonic). */
export type Acknowledged = { readonly id: string; readonly at: number }

/**
 * Users whose devices come and go on any node, and readers that follow each of them, going to another node whenever their connection ends.
 */
export async function startTraffic({ cluster, random, users, ack }: TrafficOptions) {
  const keys = Array.from({ length: users }, newKey)
  const somewhere = (): LocalNode => {
    const up = cluster.nodes.filter((node) => node.isUp())
    return random.pick(up.length > 0 ? up : cluster.nodes)
  }
  const readers = keys.map((key, index) => read(key, FORMATS[index % FORMATS.length] ?? 'json', somewhere))
  await until(async () => (readers.every((reader) => reader.isLive()) ? true : null))
  const workers = keys.map((key, index) => work(key, `w${index}`, somewhere, ack))

  return {
    readers,
    workers,
    /** What has been acknowledged so far, of all users. */
    acknowledged: () => workers.flatMap((worker) => worker.acknowledged),
    /** Resolves when so many more changes have been acknowledged. */
    async goesOn(more = 5) {
      const before = workers.reduce((sum, worker) => sum + worker.acknowledged.length, 0)
      await until(async () =>
        workers.reduce((sum, worker) => sum + worker.acknowledged.length, 0) >= before + more ? true : null,
      )
    },
    /**
     * Ends the devices and holds everybody against the primary's database: every reader ends equal to it, every event came once
     * and in order, and whatever was acknowledged is there once. Only where a reader was told of a loss may it have seen what is not
     * there; answers how many acknowledged changes are not.
     */
    async settle(): Promise<{ readonly lost: readonly Acknowledged[]; readonly told: number }> {
      await Promise.all(workers.map((worker) => worker.stop()))
      const primary = await cluster.settled()
      const lost: Acknowledged[] = []
      for (const [index, reader] of readers.entries()) {
        const key = keys[index]
        const worker = workers[index]
        if (key === undefined || worker === undefined) throw new Error('a reader without its user')
        await equalAtRest(primary, key, reader)
        const stored = storedEvents(primary.database, reader.user())
        await until(async () => (reader.lastSeq() >= (stored.at(-1)?.seq ?? 0) ? true : null))
        // Not the epoch: a position in one reign is one in the next, too.
        const seen = reader.events.map(({ seq, data }) => `${seq} ${canonicalJson(data)}`)
        const there = stored.map(({ seq, data }) => `${seq} ${canonicalJson(data)}`)
        if (reader.resyncs() === 0) expect(seen).toEqual(there)
        else expect(new Set(seen).size).toBe(seen.length)
        const online = stored.flatMap(({ data }) =>
          isJsonObject(data) && data.kind === 'device_online' ? [String(data.device_id)] : [],
        )
        // There once, whether acknowledged or not.
        expect(new Set(online).size).toBe(online.length)
        const known = new Set(online)
        const missing = worker.acknowledged.filter(({ id }) => !known.has(id))
        lost.push(...missing)
        // Whoever saw a change that is no more was told.
        const names = new Set(missing.map(({ id }) => id))
        const sawLost = reader.events.some(({ device }) => device !== null && names.has(device))
        if (sawLost) expect(reader.resyncs()).toBeGreaterThan(0)
      }
      return { lost, told: readers.filter((reader) => reader.resyncs() > 0).length }
    },
    close() {
      for (const worker of workers) void worker.stop()
      for (const reader of readers) reader.close()
    },
  }
}

export type Traffic = Awaited<ReturnType<typeof startTraffic>>

/** A device that comes and goes under ever new names, as fast as it is answered; what is not answered is not said again. */
function work(key: LoginKey, name: string, somewhere: () => LocalNode, ack: 'replicated' | undefined) {
  const acknowledged: Acknowledged[] = []
  let stopping = false
  let failed = 0
  let number = 0
  const run = async (): Promise<void> => {
    while (!stopping) {
      const socket = await openLoggedIn(`${somewhere().socketUrl}/ws?format=json`, key).catch(() => null)
      if (socket === null) await Bun.sleep(100)
      else await comeAndGo(socket).catch(() => failed++)
      socket?.close()
    }
  }
  const say = async (socket: RawSocket, message: JsonObject): Promise<void> => {
    socket.send(ack === undefined ? message : { ...message, ack })
    for (;;) {
      const answer = await socket.next()
      if (answer.id !== message.id) continue
      if (answer.type === 'ack') return
      throw new Error(String(answer.message))
    }
  }
  const comeAndGo = async (socket: RawSocket): Promise<void> => {
    // On a node for a while, then on another one.
    for (let turn = 0; turn < 20 && !stopping; turn++) {
      number += 1
      const id = `${name}-${number}`
      await say(socket, { type: 'connect', device_id: id, id: `c${number}` })
      acknowledged.push({ id, at: performance.now() })
      await Bun.sleep(60)
      await say(socket, { type: 'disconnect', id: `x${number}` })
      await Bun.sleep(60)
    }
  }
  const ended = run()
  return {
    acknowledged,
    failed: () => failed,
    async stop() {
      stopping = true
      await ended
    },
  }
}

const stock = new Unpackr({ useRecords: false, int64AsType: 'number' })

/** Our own client, with everything that it is told. */
function read(key: LoginKey, format: (typeof FORMATS)[number], somewhere: () => LocalNode) {
  let resyncs = 0
  let stales = 0
  const open = platformSocket()
  const listening: OpenSocket = (url, events) =>
    open(url, {
      ...events,
      received(frame) {
        const message: unknown = typeof frame === 'string' ? JSON.parse(frame) : stock.unpack(frame)
        if (typeof message === 'object' && message !== null && 'type' in message) {
          if (message.type === 'resync') resyncs += 1
          if (message.type === 'stale') stales += 1
        }
        events.received(frame)
      },
    })
  const client = createClient({
    url: () => `${somewhere().socketUrl}/ws`,
    webSocket: listening,
    format,
    clientType: 'tui',
    credentials: {
      type: 'key',
      key: {
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
        sign: (text) => new Uint8Array(sign(null, text, key.privateKey)),
      },
      register: {},
    },
  })
  const events: { readonly seq: number; readonly data: Json; readonly device: string | null }[] = []
  client.events('rewards.activity', ({ seq, data }) => {
    const device = isJsonObject(data) && data.kind === 'device_online' ? String(data.device_id) : null
    events.push({ seq, data: data ?? null, device })
  })
  const documents = [client.subscribe('rewards.summary'), client.subscribe('rewards.networks')]
  let user: string | null = null
  client.onUser((known) => {
    if (known !== null) user = known.id
  })
  client.connect()
  return {
    events,
    resyncs: () => resyncs,
    stales: () => stales,
    lastSeq: () => events.at(-1)?.seq ?? 0,
    isLive: () => documents.every(({ status }) => status.type === 'live') && client.state.status === 'live',
    values: () => documents.map(({ value }) => (value === null ? 'nothing' : canonicalJson(value))),
    user: () => user ?? '',
    state: () => client.state,
    close: () => client.close(),
  }
}

/** Waits until a reader has what somebody new is given by the primary; throws with both when that never comes. */
async function equalAtRest(
  primary: LocalNode,
  key: LoginKey,
  reader: ReturnType<typeof read>,
): Promise<void> {
  const socket = await openLoggedIn(`${primary.socketUrl}/ws?format=json`, key)
  let values: readonly string[] = []
  await until(async () => {
    values = [await snapshot(socket, 'rewards.summary'), await snapshot(socket, 'rewards.networks')].map(
      (value) => canonicalJson(value),
    )
    return reader.isLive() && canonicalJson([...reader.values()]) === canonicalJson([...values]) ? true : null
  }).catch(() => expect(reader.values()).toEqual([...values]))
  // Nobody stays online for ever, however its process ended; a new primary takes nobody for dead at once.
  await until(
    async () =>
      /"status":"online"/.test(canonicalJson(await snapshot(socket, 'rewards.networks'))) ? null : true,
    40_000,
  )
  socket.close()
}

async function snapshot(socket: RawSocket, channel: string): Promise<JsonObject> {
  socket.send({ type: 'subscribe', channels: [channel], id: channel })
  const { data } = await socket.until('snapshot', { channel })
  await socket.until('caught_up', { id: channel })
  await Bun.sleep(100)
  return isJsonObject(data) ? data : {}
}

function storedEvents(database: string, user: string) {
  const storage = openFileForReading(database)
  const scope = { workspace: DEFAULT_WORKSPACE, user: user as UserId }
  const rows = storage.read(({ journal }) =>
    journal.ofChannel(channelKey('rewards.activity' as ChannelName, scope), 0, 100_000),
  )
  storage.close()
  return rows.flatMap(({ seq, epoch, body }) =>
    body.kind === 'event' ? [{ seq, epoch, data: body.data }] : [],
  )
}
