import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { health, until } from './cluster-server.ts'
import { openSocket } from './raw-socket.ts'
import { hasRedis, startRedis } from './redis-server.ts'
import { type Environment, startServer, temporaryFolder } from './server-process.ts'

// Real processes need more time than the default timeout.
setDefaultTimeout(60_000)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

test('a server without Redis counts its own clients', async () => {
  const server = await start({})
  await sockets(server, 2)
  await untilClients(server, { hosts: 1, connections: 2 })
})

describe.skipIf(!hasRedis())('servers with one Redis', () => {
  const processes = process.platform === 'linux' ? '2' : '1'

  test('count the clients of all, whichever process is asked, also after Redis was away, until a server ends', async () => {
    const redis = await startRedis()
    cleanups.push(redis.stop)
    const alone = await start({ DASHBOARD_REDIS_URL: redis.url, DASHBOARD_REGION: 'fra' })
    const several = await start({ DASHBOARD_REDIS_URL: redis.url, DASHBOARD_PROCESSES: processes })
    await sockets(alone, 2)
    const [first] = await sockets(several, 3)
    for (const server of [alone, several]) await untilClients(server, { hosts: 2, connections: 5 })
    first?.close()
    for (const server of [alone, several]) await untilClients(server, { hosts: 2, connections: 4 })
    for (const server of [alone, several]) {
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      // If there is a supervisor, it has these metrics.
      for (const line of [
        /^dashboard_cluster_hosts(\{process="supervisor"\})? 2$/m,
        /^dashboard_cluster_connections(\{process="supervisor"\})? 4$/m,
        /^dashboard_relay_up(\{process="supervisor"\})? 1$/m,
        /^dashboard_relay_texts_total\{.*outcome="received".*\} [1-9]\d*$/m,
        /^dashboard_relay_texts_total\{.*outcome="ignored".*\} 0$/m,
      ])
        expect(metrics).toMatch(line)
    }

    await redis.kill()
    // Without Redis each counts its own.
    await untilClients(alone, { hosts: 1, connections: 2 })
    await untilClients(several, { hosts: 1, connections: 2 })
    expect((await health(alone.url)).status).toBe('ok')
    await redis.restart()
    for (const server of [alone, several]) await untilClients(server, { hosts: 2, connections: 4 })

    const began = performance.now()
    expect(await several.stop()).toBe(0)
    const stopped = performance.now()
    await untilClients(alone, { hosts: 1, connections: 2 })
    // It announces its end; its silence would take longer to be noticed.
    expect(performance.now() - stopped).toBeLessThan(3_000)
    expect(stopped - began).toBeLessThan(9_000)
    const said = [alone, several].map(({ stdout, stderr }) => stdout() + stderr()).join('\n')
    expect(said).toContain('relay is down')
    for (const secret of [redis.password, encodeURIComponent(redis.password)])
      expect(said).not.toContain(secret)
  })

  test('a server starts and ends without its Redis', async () => {
    const server = await start({ DASHBOARD_REDIS_URL: 'redis://127.0.0.1:1' })
    await untilClients(server, { hosts: 1, connections: 0 })
    expect((await health(server.url)).status).toBe('ok')
    expect(await server.stop()).toBe(0)
  })
})

async function start(environment: Environment) {
  const folder = await temporaryFolder()
  cleanups.push(folder.remove)
  const server = await startServer(folder.path, environment)
  cleanups.push(() => server.stop('SIGKILL'))
  return server
}

async function sockets({ socketUrl }: { readonly socketUrl: string }, count: number) {
  const opened = []
  for (let n = 0; n < count; n++) {
    const socket = await openSocket(`${socketUrl}/ws?format=json`)
    // A session without a channel is closed after a while.
    socket.send({ type: 'subscribe', channels: ['rewards.summary'], id: 's' })
    await socket.until('caught_up')
    opened.push(socket)
  }
  return opened
}

/**
 * Waits for these counts, asking any process several times. Counts of other hosts are up to a second old, and
 * up to five for hosts that died.
 */
async function untilClients({ url }: { readonly url: string }, clients: object): Promise<void> {
  let right = 0
  let found: unknown
  const asked = async () => {
    found = (await health(url)).clients
    right = Bun.deepEquals(found, clients) ? right + 1 : 0
    return right > 5 ? true : null
  }
  await until(asked).catch(() => expect(found).toEqual(clients))
}
