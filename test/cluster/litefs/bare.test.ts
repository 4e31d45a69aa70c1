import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Child } from '../../../src/cli/cluster/child.ts'
import { type Consul, startConsul } from '../../../src/cli/cluster/consul.ts'
import {
  isMounted,
  litefsInfo,
  startLitefs,
  unmount,
  writeLitefsConfig,
} from '../../../src/cli/cluster/litefs.ts'
import { poll } from '../../../src/cli/cluster/poll.ts'
import { litefsTools } from './tools.ts'

// Without a server of ours: if this fails, LiteFS, Consul or this machine are to blame.

const CONSUL = '127.0.0.40'
const ADDRESSES = ['127.0.0.41', '127.0.0.42', '127.0.0.43'] as const
type Address = (typeof ADDRESSES)[number]

const tools = await litefsTools()
const folder = mkdtempSync(join(tmpdir(), 'dashboard-bare-'))
const nodes = new Map<Address, Child>()
let consul: Consul | null = null

afterAll(async () => {
  for (const node of nodes.values()) await node.stop('SIGKILL')
  await consul?.stop('SIGKILL')
  const gone = await Promise.all(ADDRESSES.map((address) => unmount(join(folder, address, 'mount'))))
  // Never through a mount that is still there.
  if (gone.every(Boolean)) rmSync(folder, { recursive: true })
})

describe.skipIf(tools === null)('three bare LiteFS', () => {
  test('elect one primary of the two candidates; when it is killed, the other takes over', async () => {
    if (tools === null) throw new Error('skipped')
    consul = await startConsul({ binary: tools.consul, address: CONSUL, folder: join(folder, 'consul') })
    for (const address of ADDRESSES) {
      const config = join(folder, address, 'litefs.yml')
      writeLitefsConfig(config, {
        fuseDir: join(folder, address, 'mount'),
        dataDir: join(folder, address, 'litefs'),
        address,
        candidate: address !== '127.0.0.43',
        lease: { type: 'consul', url: consul.url, key: 'bare' },
      })
      nodes.set(address, startLitefs(tools.litefs, config))
    }
    const first = await onlyPrimary()
    await poll(10_000, () =>
      ADDRESSES.every((address) => isMounted(join(folder, address, 'mount'))) ? true : null,
    )
    await nodes.get(first)?.stop('SIGKILL')
    nodes.delete(first)
    // Twice the lease's ten seconds at most, and its delay.
    const second = await onlyPrimary()
    expect([first, second].sort()).toEqual(['127.0.0.41', '127.0.0.42'])
    expect(await unmount(join(folder, first, 'mount'))).toBe(true)
    expect(isMounted(join(folder, second, 'mount'))).toBe(true)
  }, 120_000)
})

/** Waits until one of those that run leads, and makes sure that no other does. */
async function onlyPrimary(): Promise<Address> {
  return poll(40_000, async () => {
    const running = [...nodes.keys()]
    const infos = await Promise.all(running.map(litefsInfo))
    const primaries = running.filter((_, index) => infos[index]?.isPrimary === true)
    expect(primaries.length).toBeLessThanOrEqual(1)
    return primaries[0] ?? null
  })
}
