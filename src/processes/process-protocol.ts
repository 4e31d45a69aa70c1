import type { Command, CommandResult } from '../core/command.ts'
import type { RelayMessage } from '../relay/line.ts'
import type { NodeView } from '../replication/node.ts'

/**
 * What the supervisor and the processes that serve for it say to each other. It travels as JSON text over the channel that comes with a
 * spawned process, in order, and ends with either of them.
 */
export type ToServing =
  /** The answer to `hello`. */
  | { readonly type: 'welcome'; readonly welcome: Welcome; readonly state: HostState }
  /** A commit; it comes before the answers to its commands. */
  | { readonly type: 'committed'; readonly position: Position }
  /** To the oldest `commands` not yet answered. */
  | { readonly type: 'answers'; readonly results: readonly CommandResult[] }
  /** How the others are; comes with every beat. */
  | { readonly type: 'state'; readonly state: HostState }
  /** Asks for the process's own metrics. */
  | { readonly type: 'collect'; readonly id: number }
  /** The metrics of all processes: the answer to `scrape`. */
  | { readonly type: 'metrics'; readonly id: number; readonly text: string }
  /** What is not journaled, from the other processes and hosts. */
  | { readonly type: 'relay'; readonly relay: RelayMessage }
  /** Say goodbye and end. */
  | { readonly type: 'stop' }

export type ToSupervisor =
  /** It listens: what is said to a process before that may be lost. */
  | { readonly type: 'hello' }
  | { readonly type: 'commands'; readonly commands: readonly Command[] }
  /** It serves. */
  | { readonly type: 'ready' }
  /** It cannot; a line for people each. */
  | { readonly type: 'failed'; readonly lines: readonly string[] }
  /** With every beat: how it is, and that it is. */
  | { readonly type: 'status'; readonly connections: number; readonly seq: number }
  | { readonly type: 'scrape'; readonly id: number }
  | { readonly type: 'collected'; readonly id: number; readonly text: string }
  /** What is not journaled, for the other processes and hosts. */
  | { readonly type: 'relay'; readonly relay: RelayMessage }

/** What a process is told about itself. */
export type Welcome = {
  /** From 1 on; its successor after a crash has the same. */
  readonly process: number
  readonly processes: number
  /** The name of this run: what the process leaves behind when it dies is told by it. */
  readonly runId: string
  readonly operatorKey: string
}

/** A position in the journal. */
export type Position = { readonly epoch: number; readonly seq: number }

/** The whole host as the supervisor sees it. */
export type HostState = {
  readonly writer: WriterStatus
  readonly position: Position
  readonly processes: readonly ProcessStatus[]
  readonly presence: PresenceTotal
  /** Where the host is a node of a cluster; null elsewhere. */
  readonly node: NodeView | null
}

/** All hosts heard of, this one included, and their open sockets. */
export type PresenceTotal = { readonly hosts: number; readonly connections: number }

export type WriterStatus = {
  readonly state: 'running' | 'restarting' | 'stopped'
  readonly restarts: number
}

export type ProcessStatus = {
  readonly process: number
  /** Null while there is none: it died, and the next one waits for its turn. */
  readonly pid: number | null
  readonly state: 'starting' | 'running' | 'restarting' | 'stopping'
  readonly restarts: number
  /** Open sockets, as of its last beat. */
  readonly connections: number
  /** The newest journal position it has applied, as of its last beat. */
  readonly seq: number
}

/** How often both sides say how they are, ms. */
export const BEAT = 500

/** One end of the channel. Neither `send` nor what it calls throws; after the end `send` does nothing. */
export type Channel = {
  send(text: string): void
  /** Called with every text, in order. */
  onText(take: (text: string) => void): void
  /** Called once, when the other side is gone. */
  onEnd(ended: () => void): void
}
