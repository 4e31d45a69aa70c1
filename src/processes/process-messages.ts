import type { JournalPosition } from '../core/command.ts'
import type { Heartbeat } from '../forwarding/link-end.ts'
import type { Message } from '../forwarding/messages.ts'
import type { RelayMessage } from '../relay/windowed-stream.ts'
import type { HostStatus, ProcessStatus } from './host-status.ts'

/*
 * What a serving process (the client) and its supervisor (the server) say to each other, over the channel
 * that comes with a spawned process: src/forwarding/messages.ts with the statuses and notices of this file.
 * Both are the same program, so that nothing is checked.
 */

/** What a serving process says of itself: it is the client. */
export type Serving = {
  readonly greeting: object
  /** The first one says that it serves. */
  readonly status: Pick<ProcessStatus, 'connections' | 'seq'>
  readonly position: never
  readonly notice: ServingNotice
}

/** What a supervisor says: it is the server. */
export type Supervisor = {
  readonly greeting: Welcome
  readonly status: HostStatus
  /** A commit. It comes before the answers to its commands. */
  readonly position: JournalPosition
  readonly notice: SupervisorNotice
}

/** What a process is told about itself. */
export type Welcome = {
  /** From 1 on; its successor after a crash has the same. */
  readonly process: number
  readonly processes: number
  /** Of this life of the process: what it leaves behind when it dies carries this id. */
  readonly instanceId: string
  readonly operatorKey: string
  readonly host: HostStatus
}

export type SupervisorNotice =
  /** Asks for the process's own metrics. */
  | { readonly type: 'collect'; readonly id: number }
  /** The metrics of all processes: the answer to `scrape`. */
  | { readonly type: 'metrics'; readonly id: number; readonly text: string }
  /** What is not journaled, from the other processes and hosts. */
  | { readonly type: 'relay'; readonly relay: RelayMessage }
  /** Close the sockets, and end. */
  | { readonly type: 'stop' }

export type ServingNotice =
  /** It cannot serve; a line for people each. */
  | { readonly type: 'failed'; readonly lines: readonly string[] }
  /** Asks for the metrics of all processes. */
  | { readonly type: 'scrape'; readonly id: number }
  /** Its own metrics: the answer to `collect`. */
  | { readonly type: 'collected'; readonly id: number; readonly text: string }
  /** What is not journaled, for the other processes and hosts. */
  | { readonly type: 'relay'; readonly relay: RelayMessage }

/** A process that sends nothing for so long hangs: many times what a busy one needs. */
export const PROCESS_HEARTBEAT: Heartbeat = { interval: 500, timeout: 20_000 }

export const readFromServing = (text: string): Message<Serving> => JSON.parse(text)
export const readFromSupervisor = (text: string): Message<Supervisor> => JSON.parse(text)
