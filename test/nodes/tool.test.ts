import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from '../../tools/cluster/child.ts'
import { isMounted } from '../../tools/cluster/litefs.ts'
import { placesOf } from '../../tools/cluster/node.ts'
import { isAlive } from '../../tools/cluster/process-identity.ts'
import { readState } from '../../tools/cluster/state-file.ts'
import { litefsTools, ownNetwork } from './litefs-tools.ts'

// What a newcomer does: `npm run cluster`, and orders from a second terminal.

const tools = await litefsTools()
const network = ownNetwork(process.pid)
const folder = mkdtempSync(join(tmpdir(), 'dashboard-tool-'))
let cluster: Child | null = null

beforeAll(async () => {
  if (tools === null) return
  cluster = start('--address', `${network}.45`, '--port', '8092')
  await cluster.line((line) => (line.startsWith('Ctrl-C ends all') ? true : null))
}, 60_000)

afterAll(async () => {
  await cluster?.stop()
  const stay = ['here-1', 'here-2', 'away-1'].filter((region) => isMounted(mountOf(region)))
  expect(stay).toEqual([])
  rmSync(folder, { recursive: true })
}, 60_000)

describe.skipIf(tools === null)('npm run cluster', () => {
  test('has three nodes, of which one leads', async () => {
    const { stdout } = await order('status')
    expect(stdout).toMatch(row('45', 'here-1 {2}primary'))
    expect(stdout).toMatch(row('46', 'here-2 {2}replica'))
    expect(stdout).toMatch(row('47', 'away-1 {2}replica .*may not lead'))
    expect((await order('kill', 'nobody')).stderr).toContain(`here-1, ${network}.45`)
  }, 30_000)

  test('moves the lead by order, and starts a killed server again', async () => {
    expect((await order('handover')).stdout).toContain(`here-1 (${network}.45) was asked`)
    await news(`here-2 (${network}.46) is the primary now`)
    const before = serverOf('here-2')
    expect((await order('kill', 'primary')).stdout).toContain('the server of here-2')
    await news(`here-2 (${network}.46) died (signal 9)`)
    await news(`here-2 (${network}.46) is up`, 2)
    const after = serverOf('here-2')
    expect(after).not.toEqual(before)
    expect([before, after].map((process) => process !== null && isAlive(process))).toEqual([false, true])
  }, 60_000)

  test('kills a LiteFS, and its server gets another one', async () => {
    expect((await order('kill', 'litefs', 'away-1')).stdout).toContain('the LiteFS of away-1')
    await news(`away-1 (${network}.47) has its LiteFS back`)
  }, 60_000)

  test('refuses to start twice', async () => {
    const second = start('--address', `${network}.45`, '--port', '8092')
    expect(await second.exited).toBe(1)
    expect(second.output()).toContain('a cluster runs already')
  }, 30_000)

  test('ends all on Ctrl-C, the primary last, and has ended then', async () => {
    const state = readState(folder)
    expect(await cluster?.stop('SIGINT')).toBe(0)
    const lines = cluster?.output().split('\n') ?? []
    const ended = lines
      .filter((line) => line.includes('has ended'))
      .map((line) => line.slice('12:34:56 '.length))
    expect(ended).toHaveLength(4)
    expect(ended[0]).toBe(`away-1 (${network}.47) has ended`)
    expect(ended.at(-1)).toBe('Consul has ended')
    const processes = [...(state?.nodes.map(({ server }) => server) ?? []), state?.consul ?? null]
    expect(processes.map((process) => process === null || isAlive(process))).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect((await order('status')).stderr).toContain('no cluster runs')
  }, 60_000)
})

function start(...words: readonly string[]): Child {
  const entry = join(import.meta.dir, '../../tools/cluster.ts')
  return startChild({ command: [process.execPath, entry, ...words, '--folder', folder] })
}

async function order(...words: readonly string[]) {
  const entry = join(import.meta.dir, '../../tools/cluster.ts')
  const child = Bun.spawn([process.execPath, entry, ...words, '--folder', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { stdout, stderr }
}

/** Waits until the cluster's own terminal has shown it so many times. */
async function news(text: string, times = 1): Promise<void> {
  let count = 0
  await cluster?.line((line) => (line.includes(text) && ++count === times ? true : null))
}

/** A line of the table. */
function row(last: string, rest: string): RegExp {
  return new RegExp(`^${RegExp.escape(`${network}.${last}`)} +${rest}`, 'm')
}

function serverOf(region: string) {
  return readState(folder)?.nodes.find((node) => node.region === region)?.server ?? null
}

function mountOf(region: string): string {
  return placesOf({ folder: join(folder, region) }).fuse
}
