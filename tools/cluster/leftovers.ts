import { clearNode } from './node.ts'
import { isAlive, signal } from './process-identity.ts'
import type { ClusterState } from './state-file.ts'

/** Ends what a cluster left behind whose tool was killed. Answers how many processes that were. */
export async function endLeftovers(state: ClusterState): Promise<number> {
  const processes = [...state.nodes.map(({ server }) => server), state.consul].filter((each) => each !== null)
  const alive = processes.filter((each) => signal(each, 'SIGKILL'))
  for (const each of alive) while (isAlive(each)) await Bun.sleep(10)
  for (const node of state.nodes) await clearNode(node)
  return alive.length
}
