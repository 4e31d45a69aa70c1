import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/until.ts'

/** A Redis for one test, which stores nothing. */
export type TestRedis = {
  /** The address, with the password. */
  readonly url: string
  readonly password: string
  readonly pid: () => number
  /** Kills it with SIGKILL. */
  kill(): Promise<void>
  /** Starts another one on the same port. */
  restart(): Promise<void>
  /** Stops it with SIGSTOP; the returned function continues it with SIGCONT. */
  hang(): () => void
  stop(): Promise<void>
}

/** A password that is easy to find in log lines, and that has to be escaped in a URL. */
const PASSWORD = 'hush/hush@{word}'
/**
 * A loopback address of our own, where the system allows it: nobody else takes the port between two starts.
 */
const HOST = process.platform === 'linux' ? '127.0.0.51' : '127.0.0.1'

/**
 * Returns whether a redis-server is installed, and prints a warning if it is not, because tests are skipped
 * then. With DASHBOARD_REQUIRE_LITEFS=1, as in CI, it throws instead.
 */
export function hasRedis(): boolean {
  if (Bun.which('redis-server') !== null) return true
  if (process.env.DASHBOARD_REQUIRE_LITEFS === '1')
    throw new Error('tests of Redis cannot run: no redis-server in PATH')
  console.warn('SKIPPED, all tests of a real Redis in this file: no redis-server in PATH')
  return false
}

/** Starts a Redis on a free port; resolves when it answers. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-redis-'))
  const port = freePort()
  let child = await spawn(port, folder)
  const kill = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  return {
    url: `redis://:${encodeURIComponent(PASSWORD)}@${HOST}:${port}`,
    password: PASSWORD,
    pid: () => child.pid,
    kill,
    async restart() {
      child = await spawn(port, folder)
    },
    hang() {
      child.kill('SIGSTOP')
      return () => child.kill('SIGCONT')
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function spawn(port: number, folder: string) {
  const settings = {
    bind: HOST,
    port: String(port),
    dir: folder,
    save: '',
    appendonly: 'no',
    requirepass: PASSWORD,
    loglevel: 'warning',
  }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child = Bun.spawn(['redis-server', ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
  await until(() => child.exitCode !== null || answers(port), 'redis answers')
  if (child.exitCode !== null) throw new Error('redis-server ended at once')
  return child
}

async function answers(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: HOST, port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: HOST, port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}
