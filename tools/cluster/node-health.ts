import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])

/** What a node says of the cluster in `/health`; what else it says is not looked at. */
const ClusterView = Type.Object({
  node: Type.String(),
  role: Type.Union([Type.Literal('primary'), Type.Literal('replica'), Type.Literal('none')]),
  primary: Nullable(Type.String()),
  lease_age_ms: Nullable(Type.Number()),
  storage: Type.Union([Type.Literal('attached'), Type.Literal('detached')]),
  stale_since: Nullable(Type.Number()),
  nodes: Type.Array(
    Type.Object({
      node: Type.String(),
      txid: Nullable(Type.String()),
      lag_ms: Type.Number(),
      connections: Type.Number(),
      answers: Type.Boolean(),
    }),
  ),
})

export type ClusterView = Static<typeof ClusterView>

/** Asks a node how it sees the cluster; null when it does not answer within a second, or is no node. */
export async function viewOf(node: {
  readonly address: string
  readonly port: number
}): Promise<ClusterView | null> {
  try {
    const response = await fetch(`http://${node.address}:${node.port}/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT),
      headers: { connection: 'close' },
    })
    const body: unknown = await response.json()
    return Value.Check(Answer, body) ? body.cluster : null
  } catch {
    return null
  }
}

/** In milliseconds. */
const HEALTH_TIMEOUT = 1_000

const Answer = Type.Object({ cluster: ClusterView })
