import type { Millis } from '../core/clock.ts'
import type { JournalPosition, StoragePosition } from '../core/command.ts'
import { createEmitter, type Emitter } from '../core/emitter.ts'
import type { SupervisedWriter, WriterStatus } from '../journal/writer-supervisor.ts'
import type { LitefsState } from '../replication/litefs/litefs-supervisor.ts'
import type { ClusterStatus } from '../replication/node-messages.ts'

/** What parts of a node tell each other. */
export type NodeEvents = {
  /** A commit can be read by the processes of this host. */
  readonly commit: Emitter<JournalPosition>
  /** This node's LiteFS must be started again, and why. */
  readonly litefsUnfit: Emitter<string>
  readonly litefsState: Emitter<LitefsState>
  /** This node's copy has come to a position. */
  readonly litefsPosition: Emitter<StoragePosition>
  /** This node takes commands. */
  readonly writing: Emitter<void>
  /** The primary takes this node's commands, its copy being at that position. */
  readonly welcome: Emitter<StoragePosition | null>
  readonly clusterStatus: Emitter<ClusterStatus>
  /** How long this node's copy has been behind the primary's, ms; 0 until the node says. */
  readonly lag: { read(): Millis; from(read: () => Millis): void }
}

export function createNodeEvents(): NodeEvents {
  let lag = () => 0
  return {
    commit: createEmitter(),
    litefsUnfit: createEmitter(),
    litefsState: createEmitter(),
    litefsPosition: createEmitter(),
    writing: createEmitter(),
    welcome: createEmitter(),
    clusterStatus: createEmitter(),
    lag: {
      read: () => lag(),
      from(read) {
        lag = read
      },
    },
  }
}

/** The journal as this node knows it, whichever node writes. */
export type JournalView = {
  /** Returns the newest position that was heard of. */
  seq(): number
  position(): JournalPosition
  /** This node's writer was opened. */
  opened(writer: SupervisedWriter): void
  writerStatus(isTaken: boolean): WriterStatus
}

export function createJournalView({ commit, clusterStatus }: NodeEvents): JournalView {
  let seq = 0
  let writer: SupervisedWriter | null = null
  commit.on((position) => {
    seq = position.seq
  })
  clusterStatus.on(({ nodes }) => {
    seq = Math.max(0, ...nodes.filter(({ role }) => role === 'primary').map((primary) => primary.seq))
  })
  return {
    seq: () => seq,
    position: () => writer?.position() ?? { epoch: 0, seq },
    opened(given) {
      writer = given
    },
    writerStatus: (isTaken) => ({
      state: isTaken ? 'running' : 'restarting',
      restarts: writer?.status().restarts ?? 0,
    }),
  }
}
