import { afterEach, describe, expect, test } from 'bun:test'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd, type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folders: { remove(): Promise<void> }[] = []
const servers: ServerProcess[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop('SIGKILL')
  for (const folder of folders.splice(0)) await folder.remove()
})

describe('start', () => {
  test('stdout has one line, with the address to open', async () => {
    const server = await start(join(await newFolder(), 'made', 'on', 'the', 'way'))
    expect(server.stdout()).toMatch(/^[^\n]*http:\/\/localhost:\d+[^\n]*\n$/)
    const health = await (await fetch(`${server.url}/health`)).json()
    expect(health).toMatchObject({ status: 'ok', writer: { state: 'running' }, connections: 0 })
  })

  test('a taken port is refused in one line that names it and says what to do, with exit code 1 and no stack trace', async () => {
    const server = await start(await newFolder())
    const outcome = await runToEnd({
      DASHBOARD_PORT: String(server.port),
      DASHBOARD_DATA: await newFolder(),
    })
    expectOneLine(outcome, [`port ${server.port}`, 'taken', 'DASHBOARD_PORT='])
  })

  test('a second server on the same data folder is refused', async () => {
    const server = await start(await newFolder())
    const outcome = await runToEnd({ DASHBOARD_PORT: '0', DASHBOARD_DATA: server.dataDir })
    expectOneLine(outcome, [server.dataDir, 'stop it'])
  })

  test('a data folder that cannot be made or is a file is refused in one line, with exit code 1 and no stack trace', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'file'), 'not a folder')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below'), '/proc/nothing/here']) {
      const outcome = await runToEnd({ DASHBOARD_PORT: '0', DASHBOARD_DATA: path })
      expectOneLine(outcome, ['data folder', path])
    }
  })

  test('a damaged database is refused in one line and left untouched', async () => {
    const folder = await newFolder()
    const server = await start(folder)
    await server.stop()
    const file = join(folder, 'dashboard.sqlite')
    const damaged = new Uint8Array(await readFile(file)).fill(0x5a, 4_096, 12_288)
    await writeFile(file, damaged)
    const outcome = await runToEnd({ DASHBOARD_PORT: '0', DASHBOARD_DATA: folder })
    expectOneLine(outcome, [file, 'damaged'])
    expect(new Uint8Array(await readFile(file))).toEqual(damaged)
  })

  test('every wrong variable gets its own line, with exit code 1 and no stack trace', async () => {
    const { code, stdout, stderr } = await runToEnd({
      DASHBOARD_PORT: 'eighty',
      DASHBOARD_LOG_LEVEL: 'loud',
      DASHBOARD_DATA: await newFolder(),
    })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('DASHBOARD_PORT: "eighty" was given, a whole number'),
      expect.stringContaining('DASHBOARD_LOG_LEVEL: "loud" was given, one of debug'),
    ])
  })

  test('a public channel that no board offers is a configuration error', async () => {
    const outcome = await runToEnd({
      DASHBOARD_PORT: '0',
      DASHBOARD_PUBLIC_CHANNELS: 'rewards.sumary',
      DASHBOARD_DATA: await newFolder(),
    })
    expectOneLine(outcome, ['DASHBOARD_PUBLIC_CHANNELS', 'rewards.sumary', 'rewards.summary'])
  })

  test('an unknown variable is only a warning', async () => {
    const server = await start(await newFolder(), { DASHBOARD_PROT: '1' })
    await fetch(`${server.url}/health`)
    expect(server.stderr()).toContain('did you mean DASHBOARD_PORT?')
  })

  test('the operator key can be read by its owner only', async () => {
    const folder = join(await newFolder(), 'data')
    await mkdir(folder)
    const server = await start(folder)
    expect((await stat(join(folder, 'operator.key'))).mode & 0o777).toBe(0o600)
    expect(server.stderr()).not.toContain((await readFile(join(folder, 'operator.key'), 'utf8')).trim())
  })
})

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder()
  folders.push(folder)
  return folder.path
}

async function start(...parameters: Parameters<typeof startServer>): Promise<ServerProcess> {
  const server = await startServer(...parameters)
  servers.push(server)
  return server
}

function expectOneLine(
  outcome: { readonly code: number; readonly stdout: string; readonly stderr: string },
  parts: readonly string[],
): void {
  const lines = outcome.stderr.trim().split('\n')
  expect(lines).toHaveLength(1)
  for (const part of parts) expect(lines[0]).toContain(part)
  expect(outcome.stdout).toBe('')
  expect(outcome.code).toBe(1)
}
