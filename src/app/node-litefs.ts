import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Logger } from '../core/logger.ts'
import { type LitefsApi, litefsApi } from '../replication/litefs/api.ts'
import { findLitefs, startLitefs } from '../replication/litefs/child.ts'
import {
  type LitefsSupervisor,
  type LitefsSupervisorDeps,
  superviseLitefs,
} from '../replication/litefs/litefs-supervisor.ts'
import { isMounted, unmount } from '../replication/litefs/mount.ts'
import type { LitefsSettings } from '../replication/litefs/settings.ts'

/** The HTTP interface of this node's LiteFS, and the id of its cluster: null until LiteFS has said it. */
export type OwnLitefs = { readonly api: LitefsApi; cluster(): string | null }

export function openLitefsApi(litefs: LitefsSettings): OwnLitefs {
  let cluster: string | null = null
  const plain = litefsApi(litefs.apiUrl)
  return {
    api: {
      ...plain,
      async role() {
        const role = await plain.role()
        if (role.cluster !== null) cluster = role.cluster
        return role
      },
    },
    cluster: () => cluster,
  }
}

/** Starts LiteFS as a child of this process, and keeps it running. */
export function startLitefsSupervisor(
  config: Config,
  litefs: LitefsSettings,
  logger: Logger,
  deps: Pick<LitefsSupervisorDeps, 'api' | 'onFailed' | 'onState' | 'onPosition' | 'released'>,
): LitefsSupervisor {
  const now = () => performance.now()
  const child = {
    binary: config.litefsBinary,
    file: litefs.file,
    pidFile: join(config.dataDir, 'litefs.pid'),
    logFile: join(config.dataDir, 'litefs.log'),
    now,
    logger,
  }
  return superviseLitefs({
    ...deps,
    start: () => startLitefs(child),
    find: () => findLitefs(child),
    isMounted: () => isMounted(litefs.mountDir),
    unmount: () => unmount(litefs.mountDir),
    now,
    wait: Bun.sleep,
    logger,
  })
}

/** Returns the primary that this node's LiteFS follows; null when there is none. */
export function followedPrimary(keeper: LitefsSupervisor): string | null {
  const state = keeper.state()
  return state.type === 'up' && !state.isPrimary ? state.primary : null
}

/** Whether the LiteFS of another node says that it is the primary; every node has it at the same port. */
export async function saysItLeads(node: string, port: number): Promise<boolean> {
  const url = `http://${node.includes(':') ? `[${node}]` : node}:${port}`
  return (await litefsApi(url).role()).isPrimary
}
