import { setDefaultTimeout } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subprocess } from 'bun'

/**
 * The server as users run it: a process of its own, seen through its port, its output and its exit code only.
 */
export type ServerProcess = {
  /** `http://localhost:PORT`, as the server printed it. */
  readonly url: string
  /** The same for sockets. */
  readonly socketUrl: string
  readonly port: number
  readonly pid: number
  readonly dataDir: string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exited: Promise<number>
  /** Sends the signal and waits for the end; answers the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

// A test that times out takes its server with it and lets all that follow fail: real processes get real time.
// (For a file that is run alone: Bun forgets this after the first file, and knows no such setting. `npm test`
// says it for all.)
setDefaultTimeout(30_000)

export type Environment = { readonly [name: `DASHBOARD_${string}`]: string }

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/**
 * Starts a server on a free port and waits until it says where it is. Throws with its output when it ends
 * instead.
 */
export async function startServer(dataDir: string, environment: Environment = {}): Promise<ServerProcess> {
  const run = spawnServer({ DASHBOARD_PORT: '0', DASHBOARD_DATA: dataDir, ...environment })
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

/** Runs a server that is expected to end by itself: how it ended and what it said. */
export async function runToEnd(
  environment: Environment,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const run = spawnServer(environment)
  // An address would mean that it runs; it must not outlive the test.
  run.address.then(
    () => run.process.kill('SIGKILL'),
    () => {},
  )
  const code = await run.process.exited
  await run.outputEnded
  return { code, stdout: run.stdout(), stderr: run.stderr() }
}

/** A new empty folder under the system's temporary one, and how to remove it. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'dashboard-e2e-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

function spawnServer(environment: Environment) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DASHBOARD_'))
  const child: Subprocess<'ignore', 'pipe', 'pipe'> = Bun.spawn([process.execPath, MAIN], {
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
  // Who waits for the end instead of the address does not want to hear of it.
  address.promise.catch(() => {})
  return { process: child, address: address.promise, stdout: () => stdout, stderr: () => stderr, outputEnded }
}

async function read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }))
}

/** Folders and servers of one test file; `cleanUp` ends and removes them, the newest first. */
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
