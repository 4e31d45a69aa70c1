import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { missing } from './foreign/missing.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const PYTHON = '/usr/bin/python3'
const folder = await temporaryFolder()
let server: ServerProcess

beforeAll(async () => {
  server = await startServer(folder.path)
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

describe('clients that others wrote log in, subscribe, drop the connection and resume', () => {
  const noPython = missing('Python websockets', [PYTHON, '-c', 'import websockets, nacl, msgpack'])
  for (const format of ['json', 'msgpack']) {
    test.skipIf(noPython)(`Python websockets with PyNaCl, ${format}`, async () =>
      expectResumed(await drive([PYTHON, script('client.py'), server.socketUrl, format])),
    )
  }

  test.skipIf(missing('Node', ['node', '--version']))('Node ws with node:crypto, MessagePack', async () =>
    expectResumed(await drive(['node', script('client.mjs'), server.socketUrl])),
  )
})

function script(name: string): string {
  return join(import.meta.dir, 'foreign', name)
}

/** Runs a client to its end and returns the one line that it prints. */
async function drive(command: readonly string[]): Promise<unknown> {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0)
    throw new Error(`${command.join(' ')} ended with ${code}:\n${stderr}\nserver: ${server.stderr()}`)
  return JSON.parse(stdout)
}

function expectResumed(report: unknown): void {
  if (typeof report !== 'object' || report === null) throw new Error('no report')
  if (!('verdicts' in report && 'checksums' in report && 'devices' in report))
    throw new Error('no whole report')
  expect(report.verdicts).toEqual({ 'rewards.summary': 'resumed', 'rewards.networks': 'resumed' })
  expect(report.checksums).toBeGreaterThan(0)
  expect(report.devices).toHaveLength(2)
}
