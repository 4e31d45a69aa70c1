import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Command, CommandResult } from '../core/command.ts'

/*
 * What nodes say to each other: JSON text over one WebSocket from every replica to the primary, in order. Nodes trust each other as they
 * trust LiteFS, which moves the whole database over the same network; what is checked here is that both speak of the same things.
 */

/** Raised with every change that an older node would misunderstand: such nodes refuse each other. */
export const NODE_PROTOCOL = 1

/** The path of the WebSocket. */
export const NODE_PATH = '/node'

/** How often both sides say how they are, ms. */
export const NODE_BEAT = 500
/** Who says nothing for so long is taken for gone, ms. */
export const NODE_SILENCE = 3_000

const position = Type.Object({ txid: Type.String(), checksum: Type.String() })
const nullable = <T extends ReturnType<typeof Type.Object>>(schema: T) => Type.Union([schema, Type.Null()])

const NodeReport = Type.Object({
  region: Type.String(),
  candidate: Type.Boolean(),
  position: nullable(position),
  /** The newest journal row that its processes have applied. */
  seq: Type.Integer(),
  connections: Type.Integer(),
  /** How long its copy has been behind the primary's, ms; 0 when it is not. */
  lag: Type.Number(),
  /** The runs of its serving processes: what a run leaves behind is told by its name. */
  runs: Type.Array(Type.String()),
})
/** What a node says of itself. */
export type NodeReport = Static<typeof NodeReport>

const NodeStatus = Type.Composite([
  NodeReport,
  Type.Object({
    node: Type.String(),
    role: Type.Union([Type.Literal('primary'), Type.Literal('replica')]),
    /** How long ago that was heard, ms. */
    seen: Type.Number(),
  }),
])
/** What the primary says of a node. */
export type NodeStatus = Static<typeof NodeStatus>

/** Their inside is checked by the handlers, as for commands of one's own processes. */
const command = Type.Unsafe<Command>(Type.Object({ kind: Type.String(), at: Type.Number() }))
const result = Type.Unsafe<CommandResult>(Type.Object({ ok: Type.Boolean() }))

const ToPrimary = Type.Union([
  /** The first message. `cluster` is LiteFS's: whoever knows it reaches LiteFS, and with it the whole database. */
  Type.Object({
    type: Type.Literal('hello'),
    protocol: Type.Integer(),
    cluster: Type.String({ minLength: 1 }),
    node: Type.String({ minLength: 1, maxLength: 255 }),
  }),
  Type.Object({ type: Type.Literal('commands'), commands: Type.Array(command) }),
  Type.Object({ type: Type.Literal('report'), report: NodeReport }),
  /** Its copy has come so far. */
  Type.Object({ type: Type.Literal('applied'), position }),
])
export type ToPrimary = Static<typeof ToPrimary>

const ToReplica = Type.Union([
  /** The primary takes commands; who has come to this position has everything that was committed before. */
  Type.Object({ type: Type.Literal('welcome'), position: nullable(position) }),
  /** To the oldest `commands` not yet answered. */
  Type.Object({ type: Type.Literal('answers'), results: Type.Array(result) }),
  /** All nodes; with every beat. `leaseAge`: how long ago the lease was last proven, ms. */
  Type.Object({
    type: Type.Literal('nodes'),
    nodes: Type.Array(NodeStatus),
    position: nullable(position),
    leaseAge: Type.Number(),
  }),
  /** Take over: everything is drained and you have all of it. */
  Type.Object({ type: Type.Literal('promote') }),
  /** This node leads no longer; `to` does, if that is known. */
  Type.Object({ type: Type.Literal('moved'), to: Type.Union([Type.String(), Type.Null()]) }),
])
export type ToReplica = Static<typeof ToReplica>

const primaryCheck = TypeCompiler.Compile(ToPrimary)
const replicaCheck = TypeCompiler.Compile(ToReplica)

/** A replica's message; null for what is none. */
export function readToPrimary(text: string): ToPrimary | null {
  const parsed = parse(text)
  return primaryCheck.Check(parsed) ? parsed : null
}

/** The primary's message; null for what is none. */
export function readToReplica(text: string): ToReplica | null {
  const parsed = parse(text)
  return replicaCheck.Check(parsed) ? parsed : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
