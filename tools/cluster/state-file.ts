import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const Identity = Type.Object({ pid: Type.Integer({ minimum: 1 }), started: Type.String({ minLength: 1 }) })

/** What other terminals, and the next start, have to know of a cluster. */
const ClusterState = Type.Object({
  /** Who started it and looks after it. */
  tool: Identity,
  consul: Type.Union([Identity, Type.Null()]),
  nodes: Type.Array(
    Type.Object({
      address: Type.String(),
      port: Type.Integer(),
      region: Type.String(),
      candidate: Type.Boolean(),
      folder: Type.String(),
      /** Null between two lives. */
      server: Type.Union([Identity, Type.Null()]),
    }),
  ),
  /** Address of the last known primary: it has all there is, so it is the first to start. */
  primary: Type.Union([Type.String(), Type.Null()]),
})

export type ClusterState = Static<typeof ClusterState>
export type NodeState = ClusterState['nodes'][number]

/** The file of the cluster that lives in `folder`. */
export function stateFile(folder: string): string {
  return join(folder, 'cluster.json')
}

/** Null when there is none, or not one of this version. */
export function readState(folder: string): ClusterState | null {
  try {
    const state: unknown = JSON.parse(readFileSync(stateFile(folder), 'utf8'))
    return Value.Check(ClusterState, state) ? state : null
  } catch {
    return null
  }
}

/** Replaces the file as a whole, so that nobody reads half of it. */
export function writeState(folder: string, state: ClusterState): void {
  const path = stateFile(folder)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.tmp`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${path}.tmp`, path)
}
