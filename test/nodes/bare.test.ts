import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Child } from '../../tools/cluster/child.ts'
import { type Consul, startConsul } from '../../tools/cluster/consul.ts'
import { isMounted, litefsInfo, startLitefs, unmount, writeLitefsConfig } from '../../tools/cluster/litefs.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { litefsTools, ownNetwork } from './litefs-tools.ts'

// Without a server of ours: if this fails, LiteFS, Consul or this machine are to blame.

const network = ownNetwork(process.pid)
const CONSUL = `${network}.40`
const CANDIDATES = [`${network}.41`, `${network}.42`]
const ADDRESSES = [...CANDIDATES, `${network}.43`]

const tools = await litefsTools()
const folder = mkdtempSync(join(tmpdir(), 'dashboard-bare-'))
const nodes = new Map<string, Child>()
const ended = new Set<string>()
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
        candidate: CANDIDATES.includes(address),
        lease: { type: 'consul', url: consul.url, key: 'bare' },
      })
      const litefs = startLitefs(tools.litefs, config)
      nodes.set(address, litefs)
      void litefs.exited.then(() => ended.add(address))
    }
    const first = await onlyPrimary()
    await poll(10_000, () =>
      ADDRESSES.every((address) => isMounted(join(folder, address, 'mount'))) ? true : null,
    )
    // Mounted is not joined: who has never followed this primary may not take its place, however long one
    // waits.
    await poll(10_000, async () => {
      const infos = await Promise.all(ADDRESSES.map((address) => litefsInfo(address)))
      return infos.every((info) => info?.hasJoined) ? true : null
    })
    await nodes.get(first)?.stop('SIGKILL')
    nodes.delete(first)
    // Twice the lease's ten seconds at most, and its delay.
    const second = await onlyPrimary()
    expect([first, second].sort()).toEqual(CANDIDATES)
    expect(await unmount(join(folder, first, 'mount'))).toBe(true)
    expect(isMounted(join(folder, second, 'mount'))).toBe(true)
  }, 120_000)
})

/** Waits until one of those that run leads, and makes sure that no other does. */
async function onlyPrimary(): Promise<string> {
  return poll(40_000, async () => {
    const running = [...nodes.keys()]
    const dead = running.filter((address) => ended.has(address))
    if (dead.length > 0) throw new Error(`LiteFS ended by itself: ${nodes.get(dead[0] ?? '')?.output()}`)
    const infos = await Promise.all(running.map(litefsInfo))
    const primaries = running.filter((_, index) => infos[index]?.isPrimary === true)
    expect(primaries.length).toBeLessThanOrEqual(1)
    return primaries[0] ?? null
  })
}
