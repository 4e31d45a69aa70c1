import { type Static, Type } from '@sinclair/typebox'
import type { Heartbeat } from '../forwarding/link-end.ts'
import { readerOf } from '../forwarding/messages.ts'

/*
 * What nodes say to each other, over one WebSocket from every replica (the client) to the primary (the
 * server): src/forwarding/messages.ts with the statuses and notices of this file. Nodes trust each other as
 * they trust LiteFS, which moves the whole database over the same network; what is checked here is that both
 * speak of the same things.
 */

/** Raised with every change that an older node would misunderstand: such nodes refuse each other. */
export const NODE_PROTOCOL = 2

/** The path of the WebSocket. */
export const NODE_PATH = '/node'

export const NODE_HEARTBEAT: Heartbeat = { interval: 500, timeout: 3_000 }

const Position = Type.Object({ txid: Type.String(), checksum: Type.String() })
const PositionOrNull = Type.Union([Position, Type.Null()])

const NodeReport = Type.Object({
  region: Type.String(),
  candidate: Type.Boolean(),
  position: PositionOrNull,
  /** The newest journal row that its processes have applied. */
  seq: Type.Integer(),
  connections: Type.Integer(),
  /** How long its copy has been behind the primary's, ms; 0 when it is not. */
  lag: Type.Number(),
  /** The instances of its serving processes: what an instance leaves behind carries its id. */
  instances: Type.Array(Type.String()),
})
/** A replica's status: what a node says of itself. */
export type NodeReport = Static<typeof NodeReport>

const NodeStatus = Type.Composite([
  NodeReport,
  Type.Object({
    node: Type.String(),
    role: Type.Union([Type.Literal('primary'), Type.Literal('replica')]),
    /** How long ago the primary heard that, ms. */
    seen: Type.Number(),
  }),
])
/** What the primary says of a node. */
export type NodeStatus = Static<typeof NodeStatus>

const ClusterStatus = Type.Object({
  nodes: Type.Array(NodeStatus),
  /** Where the primary's copy is. */
  position: PositionOrNull,
  /** How long ago the lease was last proven, ms. */
  leaseAge: Type.Number(),
})
/** The primary's status: all nodes. */
export type ClusterStatus = Static<typeof ClusterStatus>

const Replica = {
  /** `cluster` is LiteFS's id: a node that knows it reaches LiteFS, and with it the whole database. */
  greeting: Type.Object({
    protocol: Type.Integer(),
    cluster: Type.String({ minLength: 1 }),
    node: Type.String({ minLength: 1, maxLength: 255 }),
  }),
  status: NodeReport,
  position: Position,
  notice: Type.Never(),
}
/** What a replica says of itself: it is the client. */
export type Replica = { readonly [name in keyof typeof Replica]: Static<(typeof Replica)[name]> }

const Primary = {
  /** It takes commands; a node whose copy has come to this position has all that was committed before. */
  greeting: Type.Object({ position: PositionOrNull }),
  status: ClusterStatus,
  position: Type.Never(),
  notice: Type.Union([
    /** Take over: everything is drained, and you have all of it. */
    Type.Object({ type: Type.Literal('promote') }),
    /** This node leads no longer; `to` does, if that is known. */
    Type.Object({ type: Type.Literal('moved'), to: Type.Union([Type.String(), Type.Null()]) }),
  ]),
}
/** What a primary says of itself: it is the server. */
export type Primary = { readonly [name in keyof typeof Primary]: Static<(typeof Primary)[name]> }

export const readFromReplica = readerOf(Replica)
export const readFromPrimary = readerOf(Primary)
