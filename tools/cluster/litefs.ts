import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { LITEFS_PORT, type LitefsSettings, litefsYaml } from './litefs-yaml.ts'

/** Writes LiteFS's configuration and makes the folders that it names. */
export function writeLitefsConfig(path: string, settings: LitefsSettings): void {
  for (const folder of [dirname(path), settings.fuseDir, settings.dataDir]) {
    // A mount whose LiteFS is dead or hangs is there, and must not be asked what it is.
    if (!isMounted(folder)) mkdirSync(folder, { recursive: true })
  }
  writeFileSync(path, litefsYaml(settings))
}

/** Starts LiteFS alone, without a server. */
export function startLitefs(binary: string, config: string, onLine?: (line: string) => void): Child {
  return startChild({
    command: [binary, 'mount', '-config', config],
    ...(onLine === undefined ? {} : { onLine }),
  })
}

/** What LiteFS says of itself; null when it does not answer within a second. */
export async function litefsInfo(address: string): Promise<LitefsInfo | null> {
  try {
    const answer = await fetch(`http://${address}:${LITEFS_PORT}/info`, {
      signal: AbortSignal.timeout(1_000),
    })
    const body: unknown = await answer.json()
    if (typeof body !== 'object' || body === null || !('isPrimary' in body)) return null
    const hasJoined = 'clusterID' in body && typeof body.clusterID === 'string' && body.clusterID !== ''
    return { isPrimary: body.isPrimary === true, hasJoined }
  } catch {
    return null
  }
}

export type LitefsInfo = {
  readonly isPrimary: boolean
  /**
   * It knows its cluster's id; until it has heard that from a primary, it will never lead a cluster that
   * has one.
   */
  readonly hasJoined: boolean
}

/**
 * Takes a FUSE file system out of the tree of files, whether its LiteFS lives, hangs or is dead; who has
 * files open keeps them. Answers whether nothing is mounted there afterwards.
 */
export async function unmount(fuseDir: string): Promise<boolean> {
  // Mounts may lie over one another after several starts.
  for (let layer = 0; layer < MAX_LAYERS && isMounted(fuseDir); layer++) {
    const child = Bun.spawn(['fusermount3', '-u', '-z', fuseDir], { stdio: ['ignore', 'ignore', 'ignore'] })
    if ((await child.exited) !== 0) break
  }
  return !isMounted(fuseDir)
}

/** Mounts of one folder that are taken away. */
const MAX_LAYERS = 10

/** Whether something is mounted there; never touches the mount itself, which may hang. */
export function isMounted(folder: string): boolean {
  // The kernel names it without links.
  const parent = existsSync(dirname(folder)) ? realpathSync(dirname(folder)) : dirname(folder)
  return mountPoints(readFileSync('/proc/self/mountinfo', 'utf8')).includes(join(parent, basename(folder)))
}

/** The folders that things are mounted on, out of the text of `/proc/self/mountinfo`. */
export function mountPoints(mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    )
}

/**
 * Unmounts, and removes the folder that holds the mount and LiteFS's data; leaves all as it is when the
 * mount stays.
 */
export async function removeLitefs(fuseDir: string, folder: string): Promise<boolean> {
  // Otherwise the database would be emptied through the mount, here and on every other node.
  if (!(await unmount(fuseDir))) return false
  rmSync(folder, { recursive: true, force: true })
  return true
}
