import type { JournalPosition } from '../core/command.ts'
import type { WriterStatus } from '../journal/writer-supervisor.ts'
import type { PresenceTotal } from '../relay/presence.ts'
import type { NodeView } from '../replication/node-view.ts'

/** The whole host, as its supervisor sees it. */
export type HostStatus = {
  readonly writer: WriterStatus
  /** The newest committed journal row. */
  readonly position: JournalPosition
  readonly processes: readonly ProcessStatus[]
  readonly presence: PresenceTotal
  /** Where the host is a node of a cluster; null elsewhere. */
  readonly node: NodeView | null
}

/** One serving process. */
export type ProcessStatus = {
  /** Its number, from 1 on; its successor after a crash has the same. */
  readonly process: number
  /** Null while there is none: it died, and the next one waits for its turn. */
  readonly pid: number | null
  readonly state: 'starting' | 'running' | 'restarting' | 'stopping'
  readonly restarts: number
  /** Open sockets, as of its last heartbeat. */
  readonly connections: number
  /** The newest journal row that it has applied, as of its last heartbeat. */
  readonly seq: number
}
