/** What LiteFS is told about its node. */
export type LitefsSettings = {
  /** Where it mounts its file system; the database is seen here. */
  readonly fuseDir: string
  /** Where it keeps what it shows there. */
  readonly dataDir: string
  /** Of the node: others reach its LiteFS here, and it is the node's name. */
  readonly address: string
  /** Whether the node may become primary. */
  readonly candidate: boolean
  readonly lease: LitefsLease
}

/** Who leads: whoever gets the lease at Consul, or always the same node, for benchmarks. */
export type LitefsLease =
  | { readonly type: 'consul'; readonly url: string; readonly key: string }
  | { readonly type: 'static'; readonly primary: string }

/**
 * The text of `litefs.yml`. Throws for a value that LiteFS would take for a variable, since it knows no way
 * to write a plain `$`.
 */
export function litefsYaml({ fuseDir, dataDir, address, candidate, lease }: LitefsSettings): string {
  const leader = lease.type === 'static' ? lease.primary : address
  const lines = [
    'fuse:',
    `  dir: ${quoted(fuseDir)}`,
    'data:',
    `  dir: ${quoted(dataDir)}`,
    // On one machine, and in one region, bytes are cheaper than the time of packing them.
    '  compress: false',
    'http:',
    `  addr: ${quoted(`${address}:${LITEFS_PORT}`)}`,
    'lease:',
    `  type: ${lease.type}`,
    // Of a static lease both name the primary, on every node.
    `  hostname: ${quoted(leader)}`,
    `  advertise-url: ${quoted(`http://${leader}:${LITEFS_PORT}`)}`,
    `  candidate: ${lease.type === 'static' ? lease.primary === address : candidate}`,
    // After a hand-over the others look for the new primary; a second of old data is much for a tenth of a
    // second's work.
    '  reconnect-delay: 100ms',
    ...consulLines(lease),
  ]
  return `${lines.join('\n')}\n`
}

/** Of LiteFS's HTTP interface, on the address of its node. */
export const LITEFS_PORT = 20_202

function consulLines(lease: LitefsLease): readonly string[] {
  if (lease.type === 'static') return []
  return [
    '  consul:',
    `    url: ${quoted(lease.url)}`,
    `    key: ${quoted(lease.key)}`,
    '    ttl: 10s',
    '    lock-delay: 1s',
  ]
}

/** JSON's strings are YAML's. */
function quoted(value: string): string {
  if (value.includes('$')) throw new Error(`LiteFS cannot be given a path with a $: ${value}`)
  return JSON.stringify(value)
}
