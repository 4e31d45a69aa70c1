import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Child } from '../../tools/cluster/child.ts'
import {
  isMounted,
  litefsInfo,
  removeLitefs,
  startLitefs,
  unmount,
  writeLitefsConfig,
} from '../../tools/cluster/litefs.ts'
import { LITEFS_PORT, type LitefsLease } from '../../tools/cluster/litefs-yaml.ts'
import { poll } from '../../tools/cluster/poll.ts'

/** LiteFS alone: the control for the server on LiteFS. */
export type BareLitefs = {
  readonly address: string
  /** Address of its HTTP interface. */
  readonly api: string
  /** Folder of its mount. */
  readonly mount: string
  readonly config: string
  start(): Promise<void>
  isPrimary(): Promise<boolean>
  /** kill -9, as if the machine failed: its mount is removed too. */
  kill(): Promise<void>
  /** Stops it and removes its data. */
  end(): Promise<void>
}

export type BareOptions = {
  readonly litefs: string
  /** A loopback address that no other node has. */
  readonly address: string
  readonly lease: LitefsLease
}

/** Returns one LiteFS with an empty folder, not yet started. */
export function bareLitefs({ litefs, address, lease }: BareOptions): BareLitefs {
  const folder = mkdtempSync(join(tmpdir(), 'bench-litefs-'))
  const mount = join(folder, 'mount')
  const config = join(folder, 'litefs.yml')
  let child: Child | null = null

  const kill = async (): Promise<void> => {
    await child?.stop('SIGKILL')
    child = null
    await unmount(mount)
  }
  return {
    address,
    api: `http://${address}:${LITEFS_PORT}`,
    mount,
    config,
    async start() {
      writeLitefsConfig(config, {
        fuseDir: mount,
        dataDir: join(folder, 'data'),
        address,
        candidate: true,
        lease,
      })
      child = startLitefs(litefs, config)
      await poll(30_000, async () => (isMounted(mount) && (await litefsInfo(address)) !== null ? true : null))
    },
    isPrimary: async () => (await litefsInfo(address))?.isPrimary === true,
    kill,
    async end() {
      await kill()
      await removeLitefs(mount, folder)
    },
  }
}
