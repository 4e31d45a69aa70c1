import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { type ClusterServer, health, startCluster, until } from './cluster-server.ts'
import { newKey, openLoggedIn, openSocket, type RawSocket } from './raw-socket.ts'
import { runToEnd, type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

// Real processes need more time than the default timeout.
setDefaultTimeout(30_000)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const REPORT = { name: 'lan', loss: 0, rtt: 20, bytes_in: 10, bytes_out: 10 }
const only = process.platform === 'linux' ? describe : describe.skip

only('two processes at one port', () => {
  test('a change made through one process reaches a reader at the other, and a read after its acknowledgement sees it in both', async () => {
    const server = await start()
    const key = newKey()
    const readers = await onBoth(server, () =>
      openLoggedIn(`${server.socketUrl}/ws?type=tui&format=json`, key),
    )
    const devices = await onBoth(server, () => openLoggedIn(`${server.socketUrl}/ws?format=json`, key))
    for (const reader of readers) {
      reader.send({ type: 'subscribe', channels: ['rewards.networks'], id: 's' })
      await reader.until('caught_up')
    }
    for (const [index, device] of devices.entries()) {
      device.send({ type: 'connect', device_id: `d${index}`, id: 'c' })
      device.send({ type: 'network_update', networks: [{ ...REPORT, rtt: 30 + index }], id: 'n' })
      await device.until('ack', { id: 'n' })
      for (const reader of readers) await untilUpdate(reader, `devices.d${index}.networks.lan`)
      // A read after the acknowledgement sees the change, in either process.
      for (const reader of readers) {
        const document = await fresh(reader)
        expect(document).toMatchObject({
          devices: { [`d${index}`]: { networks: { lan: { rtt: 30 + index } } } },
        })
      }
    }
    for (const socket of [...readers, ...devices]) socket.close()
  })

  test('health and metrics of any process cover all processes', async () => {
    const server = await start()
    const answering = new Set<number>()
    await until(async () => {
      const lines = await server.processes()
      expect(lines.map(({ process, state }) => [process, state])).toEqual([
        [1, 'running'],
        [2, 'running'],
      ])
      for (const line of lines) if (line.answers) answering.add(line.process)
      return answering.size === 2 ? true : null
    })
    const text = await (await fetch(`${server.url}/metrics`)).text()
    for (const line of ['dashboard_journal_seq{process="1"}', 'dashboard_journal_seq{process="2"}'])
      expect(text).toContain(line)
    expect(text).toContain('dashboard_process_up{serving="1",process="supervisor"} 1')
    expect(text.match(/# HELP dashboard_journal_seq /g)).toHaveLength(1)
  })

  test('a process that is killed is replaced; its devices do not stay online', async () => {
    const server = await start()
    const key = newKey()
    const device = await server.placed(() => openLoggedIn(`${server.socketUrl}/ws?format=json`, key))
    device.opened.send({ type: 'connect', device_id: 'd1', id: 'c' })
    await device.opened.until('ack', { id: 'c' })
    const pid = (await server.processes()).find(({ process }) => process === device.process)?.pid ?? 0
    const killed = performance.now()
    process.kill(pid, 'SIGKILL')
    await device.opened.closed
    // The other process serves in the meantime.
    const reader = await until(() =>
      openLoggedIn(`${server.socketUrl}/ws?format=json`, key).catch(() => null),
    )
    await until(async () => {
      const document = await fresh(reader)
      return isJsonObject(document.devices) &&
        isJsonObject(document.devices.d1) &&
        document.devices.d1.status === 'offline'
        ? true
        : null
    })
    const lines = await server.processesAre((all) =>
      all.every(
        ({ state, restarts, process }) =>
          state === 'running' && restarts === Number(process === device.process),
      ),
    )
    console.log(`killed process back after ${Math.round(performance.now() - killed)} ms`)
    expect(lines.find(({ process }) => process === device.process)).toMatchObject({ restarts: 1 })
    expect(server.stderr()).toContain('serving process restarted')
    reader.close()
  })

  test('SIGTERM to one process: its clients are told to reconnect, and it is replaced', async () => {
    const server = await start()
    const { opened, process: number } = await server.placed(() =>
      openSocket(`${server.socketUrl}/ws?format=json`),
    )
    const before = await server.processes()
    process.kill(before.find((line) => line.process === number)?.pid ?? 0, 'SIGTERM')
    await opened.until('reconnect')
    expect((await opened.closed).code).toBe(3000)
    await server.processesAre((all) =>
      all.every(
        ({ state, restarts }, index) => state === 'running' && restarts === Number(index === number - 1),
      ),
    )
  })

  test('a process that hangs is not waited for: the others answer, and the metrics come without it', async () => {
    const server = await start()
    const [first] = await server.processes()
    const pid = first?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    // Stopped, it could not notice the end of its supervisor. If it has been replaced by now, it has ended.
    cleanups.push(async () => isAlive(pid) && process.kill(pid, 'SIGCONT'))
    // The kernel still gives it connections: those wait, and all others are served.
    const ask = async () => {
      const signal = AbortSignal.timeout(3_000)
      const response = await fetch(`${server.url}/metrics`, { keepalive: false, signal })
      return response.ok ? response.text() : Promise.reject(new Error('not served'))
    }
    // Several at once, so that they do not all reach the hanging process by chance.
    const text = await until(() => Promise.any(Array.from({ length: 8 }, ask)).catch(() => null))
    expect(text).toContain('dashboard_journal_seq{process="2"}')
    expect(text).not.toContain('dashboard_journal_seq{process="1"}')
  })
})

only('the end of several processes', () => {
  test('SIGTERM: every client is told to reconnect, everything acknowledged is stored, and the exit code 0 comes in time', async () => {
    const folder = await newFolder()
    const server = await start(folder)
    const sockets = await onBoth(server, () => openSocket(`${server.socketUrl}/ws?format=json`))
    const key = newKey()
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
    device.send({ type: 'connect', device_id: 'd1', id: 'c' })
    await device.until('ack', { id: 'c' })
    const began = performance.now()
    const ending = server.stop('SIGTERM')
    for (const socket of sockets) await socket.until('reconnect')
    const closes = await Promise.all([...sockets, device].map((socket) => socket.closed))
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([3000]))
    expect(await ending).toBe(0)
    expect(performance.now() - began).toBeLessThan(10_000)
    // A single process on the same folder and port: both are free.
    const alone = await keep(startServer(folder, { DASHBOARD_PORT: String(server.port) }))
    const reader = await openLoggedIn(`${alone.socketUrl}/ws?format=json`, key)
    // The end of the socket came while the server was stopping, and was stored.
    expect(await fresh(reader)).toMatchObject({ devices: { d1: { status: 'offline' } } })
    expect((await health(alone.url)).processes).toBeUndefined()
    reader.close()
  })

  test('kill -9 of the supervisor: the other processes end within a second, the port is free, and a restart recovers', async () => {
    const folder = await newFolder()
    const server = await start(folder)
    const key = newKey()
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
    device.send({ type: 'connect', device_id: 'd1', id: 'c' })
    device.send({ type: 'network_update', networks: [REPORT], id: 'n' })
    await device.until('ack', { id: 'n' })
    const pids = (await server.processes()).map(({ pid }) => pid ?? 0)
    const killed = performance.now()
    await server.stop('SIGKILL')
    await until(async () => (pids.some(isAlive) ? null : true))
    const took = performance.now() - killed
    console.log(`serving processes gone ${Math.round(took)} ms after their supervisor`)
    expect(took).toBeLessThan(2_000)
    expect((await device.until('reconnect')).delay_ms).toBeNumber()

    const after = await keep(startCluster(folder, { DASHBOARD_PORT: String(server.port) }))
    const reader = await openLoggedIn(`${after.socketUrl}/ws?format=json`, key)
    expect(await fresh(reader)).toMatchObject({
      devices: { d1: { status: 'offline', networks: { lan: { rtt: 20 } } } },
    })
    reader.close()
  })

  test('a port that is taken is refused, to several processes and to one', async () => {
    const several = await start()
    const DASHBOARD_PORT = String(several.port)
    for (const DASHBOARD_PROCESSES of ['1', '2']) {
      const second = await runToEnd({
        DASHBOARD_PORT,
        DASHBOARD_PROCESSES,
        DASHBOARD_DATA: await newFolder(),
      })
      expect(second.code).toBe(1)
      expect(second.stderr).toContain(`port ${DASHBOARD_PORT} at 127.0.0.1 is taken`)
    }
    const alone = await keep(startServer(await newFolder()))
    const third = await runToEnd({
      DASHBOARD_PORT: String(alone.port),
      DASHBOARD_PROCESSES: '2',
      DASHBOARD_DATA: await newFolder(),
    })
    expect(third.stderr).toContain('is taken')
    // A folder has one writer, too.
    const fourth = await runToEnd({
      DASHBOARD_PORT: '0',
      DASHBOARD_PROCESSES: '2',
      DASHBOARD_DATA: several.dataDir,
    })
    expect(fourth.code).toBe(1)
    expect(fourth.stderr).toContain('Another process writes to the data folder')
  })

  test('a reason that keeps the serving processes from starting is printed once, and ends the supervisor', async () => {
    const failed = await runToEnd({
      DASHBOARD_PORT: '0',
      DASHBOARD_PROCESSES: '2',
      DASHBOARD_DATA: await newFolder(),
      DASHBOARD_COUNTRY_FILE: '/nowhere.mmdb',
    })
    expect(failed.code).toBe(1)
    expect(failed.stderr.match(/^The country table .nowhere\.mmdb/gm)).toHaveLength(1)
    expect(failed.stdout).toBe('')
  })
})

/** Opens sockets until there is one in each process. */
async function onBoth<T extends RawSocket>(
  server: ClusterServer,
  open: () => Promise<T>,
): Promise<readonly T[]> {
  const found = new Map<number, T>()
  while (found.size < 2) {
    const { opened, process } = await server.placed(open)
    if (found.has(process)) cleanups.push(async () => opened.close())
    else found.set(process, opened)
  }
  return [...found.values()]
}

/** Reads updates until one sets this path, or a path above it. */
async function untilUpdate(reader: RawSocket, path: string): Promise<void> {
  for (;;) {
    const { changes } = await reader.until('update', { channel: 'rewards.networks' })
    const paths = isJsonObject(changes) ? Object.keys(changes) : []
    if (paths.some((changed) => changed.startsWith(path) || path.startsWith(changed))) return
  }
}

/** Returns the user's networks, from a snapshot for this socket. */
async function fresh(socket: RawSocket): Promise<JsonObject> {
  socket.send({ type: 'subscribe', channels: ['rewards.networks'], id: 'f' })
  const { data } = await socket.until('snapshot', { channel: 'rewards.networks' })
  if (!isJsonObject(data)) throw new Error('no document')
  return data
}

function isAlive(pid: number): boolean {
  try {
    // A zombie counts as dead.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === false
  } catch {
    return false
  }
}

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder()
  cleanups.push(folder.remove)
  return folder.path
}

async function keep<T extends ServerProcess>(starting: Promise<T>): Promise<T> {
  const server = await starting
  cleanups.push(() => server.stop('SIGKILL'))
  return server
}

async function start(folder?: string): Promise<ClusterServer> {
  return keep(startCluster(folder ?? (await newFolder())))
}
