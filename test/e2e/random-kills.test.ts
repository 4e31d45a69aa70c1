import { afterEach, expect, test } from 'bun:test'
import { sign } from 'node:crypto'
import { createClient } from '../../src/client/client.ts'
import { canonicalJson, isJsonObject } from '../../src/core/json.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import { databaseFile } from '../../src/storage/sqlite/open.ts'
import { seeded } from '../support/seeded.ts'
import { type ClusterServer, startCluster, until } from './cluster-server.ts'
import { type LoginKey, newKey, openLoggedIn, type RawSocket } from './raw-socket.ts'
import { temporaryFolder } from './server-process.ts'
import { snapshot, storedEvents } from './what-is-there.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const FORMATS = ['json', 'msgpack', 'packed'] as const
const USERS = 6
const KILLS = 6

test.skipIf(process.platform !== 'linux')(
  'after random kills of processes and the supervisor readers equal the server, every event came once, and nothing acknowledged is lost',
  async () => {
    const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
    console.log(`CLUSTER_SEED=${seed}`)
    const random = seeded(seed)
    const folder = await temporaryFolder()
    cleanups.push(folder.remove)
    let server = await startCluster(folder.path)
    cleanups.push(() => server.stop('SIGKILL'))
    const address = `${server.socketUrl}/ws`
    const port = String(server.port)

    const keys = Array.from({ length: USERS }, newKey)
    const readers = keys.map((key, index) => read(address, key, FORMATS[index % FORMATS.length] ?? 'json'))
    await until(async () => (readers.every((reader) => reader.isLive()) ? true : null))
    const workers = keys.map((key, index) => work(address, key, `w${index}`))

    for (let kill = 0; kill < KILLS; kill++) {
      await Bun.sleep(300 + random.int(900))
      // At least once in each run.
      if (kill === 1) {
        await server.stop('SIGKILL')
        server = await restart(folder.path, port)
        continue
      }
      // Asked until there is an answer: the request may have reached a process that was dying.
      const victim = random.pick(await server.processesAre(() => true))
      if (victim.pid !== null) signal(victim.pid, kill > 2 && random.oneIn(4) ? 'SIGTERM' : 'SIGKILL')
    }
    for (const worker of workers) await worker.stop()
    await server.processesAre((all) => all.length === 2 && all.every(({ state }) => state === 'running'))

    const acknowledged = workers.flatMap((worker) => worker.acknowledged)
    console.log(
      `${acknowledged.length} connects acknowledged, ${workers.reduce((n, { lost }) => n + lost(), 0)} sockets lost`,
    )
    expect(acknowledged.length).toBeGreaterThan(20)
    for (const [index, reader] of readers.entries()) {
      const key = keys[index]
      if (key === undefined) throw new Error('a reader without its key')
      await equalAtRest(server, key, reader)
      const stored = storedEvents(databaseFile(folder.path), reader.user())
      expect(reader.events.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq))
      const online = stored.flatMap(({ data }) =>
        isJsonObject(data) && data.kind === 'device_online' ? [String(data.device_id)] : [],
      )
      // Each event is there once at most, and each acknowledged one is there.
      expect(new Set(online).size).toBe(online.length)
      expect(workers[index]?.acknowledged.filter((id) => !online.includes(id))).toEqual([])
      reader.close()
    }
  },
  60_000,
)

/**
 * The report about the process may be old: one that was told to end before may have ended in the meantime.
 */
function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * A device that connects and disconnects under a new name each time, as fast as it gets answers. A message
 * without an answer is not sent again.
 */
function work(address: string, key: LoginKey, name: string) {
  const acknowledged: string[] = []
  let stopping = false
  let lost = 0
  let number = 0
  const run = async (): Promise<void> => {
    while (!stopping) {
      const socket = await openLoggedIn(`${address}?format=json`, key).catch(() => null)
      if (socket === null) await Bun.sleep(100)
      else await comeAndGo(socket).catch(() => lost++)
      socket?.close()
    }
  }
  const comeAndGo = async (socket: RawSocket): Promise<void> => {
    while (!stopping) {
      number += 1
      const id = `${name}-${number}`
      socket.send({ type: 'connect', device_id: id, id: `c${number}` })
      await socket.until('ack', { id: `c${number}` })
      acknowledged.push(id)
      // Online for most of the time, so that a kill usually finds it online; and within the messages a second
      // that a session may send.
      await Bun.sleep(110)
      socket.send({ type: 'disconnect', id: `x${number}` })
      await socket.until('ack', { id: `x${number}` })
    }
  }
  const ended = run()
  return {
    acknowledged,
    lost: () => lost,
    async stop() {
      stopping = true
      await ended
    },
  }
}

/** Our own client, with a record of all that it receives. */
function read(address: string, key: LoginKey, format: (typeof FORMATS)[number]) {
  const client = createClient({
    url: address,
    format,
    encodeMsgpack: encodeWithMsgpackr,
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
  cleanups.push(() => client.close())
  const events: { readonly seq: number }[] = []
  client.events('rewards.activity', (event) => events.push(event))
  const documents = [client.subscribe('rewards.summary'), client.subscribe('rewards.networks')]
  let user: string | null = null
  client.onUser((known) => {
    if (known !== null) user = known.id
  })
  client.connect()
  return {
    events,
    isLive: () => documents.every(({ status }) => status.type === 'live'),
    values: () => documents.map(({ value }) => (value === null ? 'nothing' : canonicalJson(value))),
    user: () => user ?? '',
    close: () => client.close(),
  }
}

/** Waits until a reader's document equals a new snapshot; throws with both if it never does. */
async function equalAtRest(
  server: ClusterServer,
  key: LoginKey,
  reader: ReturnType<typeof read>,
): Promise<void> {
  const socket = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
  let values: readonly string[] = []
  await until(async () => {
    values = [await snapshot(socket, 'rewards.summary'), await snapshot(socket, 'rewards.networks')].map(
      (value) => canonicalJson(value),
    )
    return reader.isLive() && canonicalJson(reader.values()) === canonicalJson([...values]) ? true : null
  }).catch(() => expect(reader.values()).toEqual([...values]))
  // No device stays online for ever, however its process ended.
  expect(values[1]?.match(/"status":"online"/g) ?? []).toEqual([])
  socket.close()
}

/** Starts a server at the same port at once, while the processes of the one before may still be ending. */
async function restart(dataDir: string, port: string): Promise<ClusterServer> {
  return startCluster(dataDir, { DASHBOARD_PORT: port })
}
