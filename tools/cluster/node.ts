import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../../src/cli/server-address.ts'
import { type Child, startChild } from './child.ts'
import { unmount, writeLitefsConfig } from './litefs.ts'
import type { LitefsLease } from './litefs-yaml.ts'
import { commandLineOf, identityOf, isAlive, type ProcessIdentity, signal } from './process-identity.ts'

/** One node on this machine. */
export type NodeSpec = {
  /** Loopback address of its own, and its name. */
  readonly address: string
  /** Where browsers and devices find it. */
  readonly port: number
  /** Where nodes find each other, the same on every one. */
  readonly nodePort: number
  readonly region: string
  readonly candidate: boolean
  /** Holds everything of the node. */
  readonly folder: string
  readonly lease: LitefsLease
}

/** Places of a node within its folder. */
export function placesOf({ folder }: { readonly folder: string }) {
  const data = join(folder, 'data')
  return {
    config: join(folder, 'litefs.yml'),
    /** The mount: nothing but LiteFS may write below. */
    fuse: join(folder, 'mount'),
    litefs: join(folder, 'litefs'),
    data,
    litefsPid: join(data, 'litefs.pid'),
  }
}

export type NodeOptions = {
  readonly litefs: string
  /** More settings of the server, `DASHBOARD_…`; those that make the node go first. */
  readonly settings?: Environment
  readonly onLine?: (line: string) => void
  /** Words that go before the server's own command, such as those that put it into a network of its own. */
  readonly within?: readonly string[]
  /** Another address to serve at than the node's own. */
  readonly host?: string
  /** Another version's `src/main.ts`. */
  readonly main?: string
}

/** A running node. `ready` resolves with its address when the server has said it. */
export type NodeProcess = Child & { readonly ready: Promise<string> }

/** Writes the node's LiteFS configuration and starts its server, which starts LiteFS itself. */
export function startNode(spec: NodeSpec, options: NodeOptions): NodeProcess {
  const { litefs, settings, onLine, within = [], host = spec.address, main = MAIN } = options
  const places = placesOf(spec)
  writeLitefsConfig(places.config, {
    fuseDir: places.fuse,
    dataDir: places.litefs,
    address: spec.address,
    candidate: spec.candidate,
    lease: spec.lease,
  })
  const child = startChild({
    command: [...within, process.execPath, main],
    environment: { ...inherited(), ...settings, ...nodeEnvironment(spec, litefs), DASHBOARD_HOST: host },
    ...(onLine === undefined ? {} : { onLine }),
  })
  const ready = child.line((line) => /^Dashboard server: open (http:\S+)/.exec(line)?.[1] ?? null)
  // Who waits for the end instead does not want to hear of it.
  ready.catch(() => {})
  return { ...child, ready }
}

/** What tells a server to be this node. */
export function nodeEnvironment(spec: NodeSpec, litefs: string): Environment {
  const places = placesOf(spec)
  return {
    DASHBOARD_HOST: spec.address,
    DASHBOARD_PORT: String(spec.port),
    DASHBOARD_DATA: places.data,
    DASHBOARD_LITEFS: places.config,
    DASHBOARD_LITEFS_BINARY: litefs,
    DASHBOARD_NODE_PORT: String(spec.nodePort),
    DASHBOARD_REGION: spec.region,
  }
}

/** Started as users start it, and not imported. */
const MAIN = join(import.meta.dir, '../../src/main.ts')

/** Settings of the server in our own environment are not meant for every node. */
function inherited(): Environment {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DASHBOARD_')))
}

/**
 * The LiteFS that serves the node's mount, by the number its server has written down; null when that is no
 * LiteFS of this node.
 */
export function litefsOf(spec: { readonly folder: string }): ProcessIdentity | null {
  const { litefsPid, config } = placesOf(spec)
  const pid = readNumber(litefsPid)
  if (pid === null || !commandLineOf(pid).includes(config)) return null
  return identityOf(pid)
}

/**
 * What the end of a machine does after that of its server: LiteFS is ended if it still runs, and its mount
 * is taken away. Answers whether the mount is gone.
 */
export async function clearNode(spec: { readonly folder: string }): Promise<boolean> {
  const litefs = litefsOf(spec)
  if (litefs !== null) {
    signal(litefs, 'SIGKILL')
    while (isAlive(litefs)) await Bun.sleep(10)
  }
  return unmount(placesOf(spec).fuse)
}

function readNumber(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return /^\d+$/.test(text) ? Number(text) : null
  } catch {
    return null
  }
}
