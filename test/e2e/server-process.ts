import { setDefaultTimeout } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subprocess } from 'bun'

/**
 * The server as users run it: its own process, observed only through its port, its output and its exit code.
 */
export type ServerProcess = {
  /** `http://localhost:PORT`, as printed by the server. */
  readonly url: string
  /** The same for sockets. */
  readonly socketUrl: string
  readonly port: number
  readonly pid: number
  readonly dataDir: string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exited: Promise<number>
  /** Sends the signal, waits for the end and returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

// A test that times out ends its server, and all tests after it fail: real processes need more time than the
// default. (This is for a file that is run alone. Bun forgets it after the first file and has no setting for
// it; `npm test` passes it for all files.)
setDefaultTimeout(30_000)

export type Environment = { readonly [name: `DASHBOARD_${string}`]: string }

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/**
 * Starts a server on a free port and waits until it prints its address. Throws with its output if it ends
 * instead. `main` is another program than the server's own.
 */
export async function startServer(
  dataDir: string,
  environment: Environment = {},
  main: string = MAIN,
): Promise<ServerProcess> {
  const run = spawnServer({ DASHBOARD_PORT: '0', DASHBOARD_DATA: dataDir, ...environment }, main)
  const url = await run.address
  const port = Number(new URL(url).port)
  return {
    url,
    socketUrl: `ws://localhost:${port}`,
    port,
    pid: run.process.pid,
    dataDir,
    stdout: run.stdout,
    stderr: run.stderr,
    exited: run.process.exited,
    async stop(signal = 'SIGTERM') {
      run.process.kill(signal)
      return run.process.exited
    },
  }
}

/** Runs a server that is expected to end by itself; returns its exit code and output. */
export async function runToEnd(
  environment: Environment,
  main: string = MAIN,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const run = spawnServer(environment, main)
  // If it prints an address, it runs; it must not outlive the test.
  run.address.then(
    () => run.process.kill('SIGKILL'),
    () => {},
  )
  const code = await run.process.exited
  await run.outputEnded
  return { code, stdout: run.stdout(), stderr: run.stderr() }
}

/** Makes an empty folder in the system's temporary folder; `remove` removes it. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'dashboard-e2e-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

function spawnServer(environment: Environment, main: string = MAIN) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DASHBOARD_'))
  const child: Subprocess<'ignore', 'pipe', 'pipe'> = Bun.spawn([process.execPath, main], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let stdout = ''
  let stderr = ''
  const address = Promise.withResolvers<string>()
  const readStdout = read(child.stdout, (text) => {
    stdout += text
    const found = /http:\/\/\S+/.exec(stdout)
    if (found !== null) address.resolve(found[0])
  })
  const readStderr = read(child.stderr, (text) => {
    stderr += text
  })
  const outputEnded = Promise.all([readStdout, readStderr])
  outputEnded.then(() => address.reject(new Error(`the server ended without an address: ${stderr}`)))
  // A caller that waits for the end does not wait for the address: its rejection is not an error there.
  address.promise.catch(() => {})
  return { process: child, address: address.promise, stdout: () => stdout, stderr: () => stderr, outputEnded }
}

async function read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }))
}

/**
 * Returns functions to make folders and servers in one test file; `cleanUp` removes them, the newest first.
 */
export function ownServers() {
  const cleanups: (() => Promise<unknown>)[] = []
  return {
    async newFolder(): Promise<string> {
      const folder = await temporaryFolder()
      cleanups.push(folder.remove)
      return folder.path
    },
    async start(dataDir: string): Promise<ServerProcess> {
      const server = await startServer(dataDir)
      cleanups.push(() => server.stop('SIGKILL'))
      return server
    },
    async cleanUp(): Promise<void> {
      for (const clean of cleanups.splice(0).reverse()) await clean()
    },
  }
}
