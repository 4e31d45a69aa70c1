import { join } from 'node:path'
import { fail, ok, type Result } from '../../src/core/result.ts'
import { CONSUL_PORTS } from './consul.ts'
import { LITEFS_PORT } from './litefs-yaml.ts'
import type { NodeSpec } from './node.ts'

/** A cluster of three on this machine, before anything of it runs. */
export type ClusterPlan = {
  readonly folder: string
  readonly consul: { readonly address: string; readonly folder: string }
  /** Two that may lead, and one that may not, as if it were far away. */
  readonly nodes: readonly NodeSpec[]
}

/** Where nodes find each other. */
const NODE_PORT = 20_203
const REGIONS = [
  { region: 'here-1', candidate: true },
  { region: 'here-2', candidate: true },
  { region: 'away-1', candidate: false },
] as const

/**
 * Lays out a cluster: nodes at `first` and the two loopback addresses after it, Consul at the one before,
 * all of them with the same ports, and everything that they keep below `folder` (an absolute path). Fails
 * with a line about `--address`.
 */
export function planCluster(folder: string, first: string, port: number): Result<ClusterPlan, string> {
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(first)?.slice(1).map(Number)
  const last = parts?.[2]
  if (
    parts === undefined ||
    last === undefined ||
    parts.some((part) => part > 255) ||
    last < 2 ||
    last > 252
  ) {
    return fail(`--address must be a loopback address such as 127.0.0.11, ending in 2 to 252, not '${first}'`)
  }
  const at = (offset: number) => `127.${parts[0]}.${parts[1]}.${last + offset}`
  const consul = at(-1)
  return ok({
    folder,
    consul: { address: consul, folder: join(folder, 'consul') },
    nodes: REGIONS.map(({ region, candidate }, index) => ({
      address: at(index),
      port,
      nodePort: NODE_PORT,
      region,
      candidate,
      folder: join(folder, region),
      lease: { type: 'consul', url: `http://${consul}:${CONSUL_PORTS[0]}`, key: 'dashboard/primary' },
    })),
  })
}

/** Every place that a cluster listens at, `[address, port]`. */
export function portsOf({ consul, nodes }: ClusterPlan): readonly (readonly [string, number])[] {
  return [
    ...CONSUL_PORTS.map((port) => [consul.address, port] as const),
    ...nodes.flatMap(({ address, port, nodePort }) =>
      [port, LITEFS_PORT, nodePort].map((number) => [address, number] as const),
    ),
  ]
}
