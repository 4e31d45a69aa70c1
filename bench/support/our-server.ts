import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The whole server, `src/main.ts`, in another process with an empty data folder. */
export type OurServer = {
  readonly pid: number
  readonly http: string
  readonly socket: string
  readonly operatorKey: string
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

/**
 * Starts it at a free port, with limits that a benchmark from one address does not meet. `root` is the folder
 * of another checkout, whose server is to be measured beside this one.
 */
export async function startOurServer(
  environment: Readonly<Record<string, string>> = {},
  root = Bun.fileURLToPath(new URL('../..', import.meta.url)),
): Promise<OurServer> {
  const data = mkdtempSync(join(tmpdir(), 'bench-data-'))
  const port = freePort()
  const child = Bun.spawn([process.execPath, join(root, 'src/main.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DASHBOARD_HOST: '127.0.0.1',
      DASHBOARD_PORT: String(port),
      DASHBOARD_DATA: data,
      DASHBOARD_LOG_LEVEL: 'error',
      DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS: '1000000',
      DASHBOARD_REQUESTS_PER_SECOND: '100000',
      ...environment,
    },
  })
  const http = `http://127.0.0.1:${port}`
  await answering(`${http}/health`, () => child.exitCode !== null)
  return {
    pid: child.pid,
    http,
    socket: `ws://127.0.0.1:${port}/ws`,
    operatorKey: readFileSync(join(data, 'operator.key'), 'utf8').trim(),
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Waits until an address answers with success, at most 20 s. Throws when the process has ended before. */
export async function answering(url: string, ended: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (ended()) throw new Error(`the server that should answer at ${url} has ended`)
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok === true) return
    await Bun.sleep(50)
  }
  throw new Error(`nothing answers at ${url}`)
}

/** Returns a port that was free a moment ago. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  return probe.port
}
