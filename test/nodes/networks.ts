import type { Place } from './local-cluster.ts'

/**
 * Network namespaces, one a node, each with two cables: one to the other nodes and to Consul (10.77.0.0/24),
 * and one to this machine's clients (10.78.0.0/24). All of it lives on this machine and goes with `remove`.
 */
export type Networks = {
  /** For `ClusterOptions.network`: Consul has .1, nodes .11 and on. */
  readonly network: string
  readonly places: readonly Place[]
  /** Pulls a node's cable to the other nodes, or plugs it in again. */
  cut(node: number): Promise<void>
  mend(node: number): Promise<void>
  remove(): Promise<void>
}

const NODES = '10.77.0'
const CLIENTS = '10.78.0'

/** Null where namespaces cannot be made: no root, or no `ip`. */
export async function makeNetworks(count: number): Promise<Networks | null> {
  const made: string[] = []
  const remove = async () => {
    for (const name of made.splice(0)) await run('ip', 'netns', 'delete', name)
    for (const bridge of ['dash-nodes', 'dash-clients']) await run('ip', 'link', 'delete', bridge)
  }
  await remove()
  for (const [bridge, network] of [
    ['dash-nodes', NODES],
    ['dash-clients', CLIENTS],
  ] as const) {
    if (!(await run('ip', 'link', 'add', bridge, 'type', 'bridge'))) return null
    await must('ip', 'address', 'add', `${network}.1/24`, 'dev', bridge)
    await must('ip', 'link', 'set', bridge, 'up')
  }
  for (let node = 0; node < count; node++) {
    const name = nameOf(node)
    await run('ip', 'netns', 'delete', name)
    await must('ip', 'netns', 'add', name)
    made.push(name)
    await must('ip', '-n', name, 'link', 'set', 'lo', 'up')
    await plug(node, 'dash-nodes', `n${node}`, `${NODES}.${11 + node}`)
    await plug(node, 'dash-clients', `c${node}`, `${CLIENTS}.${11 + node}`)
  }
  return {
    network: NODES,
    places: Array.from({ length: count }, (_, node) => ({
      // Of the network alone: `ip netns exec` would hide the mounts, too.
      within: ['nsenter', `--net=/var/run/netns/${nameOf(node)}`],
      clientAddress: `${CLIENTS}.${11 + node}`,
    })),
    cut: (node) => must('ip', 'link', 'set', `dash-n${node}`, 'down'),
    mend: (node) => must('ip', 'link', 'set', `dash-n${node}`, 'up'),
    remove,
  }
}

const nameOf = (node: number) => `dash-node-${node}`

/** A cable from a bridge into a node's namespace. */
async function plug(node: number, bridge: string, cable: string, address: string): Promise<void> {
  const name = nameOf(node)
  const [outside, inside] = [`dash-${cable}`, `eth-${cable}`]
  // The kernel takes the cables of a namespace away some time after it: those of a run that was cut off may
  // still be here.
  await run('ip', 'link', 'delete', outside)
  await must('ip', 'link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name)
  await must('ip', 'link', 'set', outside, 'master', bridge, 'up')
  await must('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', inside)
  await must('ip', '-n', name, 'link', 'set', inside, 'up')
}

async function run(...command: readonly string[]): Promise<boolean> {
  try {
    return (await Bun.spawn([...command], { stdio: ['ignore', 'ignore', 'ignore'] }).exited) === 0
  } catch {
    return false
  }
}

async function must(...command: readonly string[]): Promise<void> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    if (await run(...command)) return
    await Bun.sleep(PAUSE)
  }
  if (!(await run(...command))) throw new Error(`${command.join(' ')} failed`)
}

/** What is being taken away is gone within a second or two. */
const ATTEMPTS = 30
const PAUSE = 100
