import type { Millis } from '../core/clock.ts'
import type { CommandBus, JournalPosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { ok } from '../core/result.ts'
import type { LinkEnd } from '../forwarding/link-end.ts'
import { type Accepted, serveClient } from '../forwarding/server.ts'
import type { Transport } from '../forwarding/transport.ts'
import type { Hub, HubEnd } from '../relay/hub.ts'
import type { HostStatus, ProcessStatus } from './host-status.ts'
import {
  PROCESS_HEARTBEAT,
  readFromServing,
  type Serving,
  type ServingNotice,
  type Supervisor,
  type SupervisorNotice,
} from './process-messages.ts'

/** A spawned process. `exited` never rejects. */
export type SpawnedProcess = {
  readonly pid: number
  /** To abort it is to kill the process. */
  readonly channel: Transport
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

export type ManagedProcessDeps = {
  readonly process: number
  readonly processes: number
  readonly operatorKey: string
  readonly spawn: (process: number) => SpawnedProcess
  readonly newInstanceId: () => string
  readonly bus: CommandBus
  readonly host: () => HostStatus
  readonly onReady: () => void
  /** It died, or never came up; `lines` is what it said about why. */
  readonly onEnd: (lines: readonly string[]) => void
  readonly onScrape: (answer: (text: string) => void) => void
  readonly onCollected: (id: number, text: string) => void
  readonly relay: Pick<Hub, 'attach'>
  readonly after: (delay: Millis, run: () => void) => void
  readonly logger: Logger
}

/** One of the serving processes, through all its restarts. */
export type ManagedProcess = {
  start(): void
  status(): ProcessStatus
  /** The id of the present instance; null while there is none. */
  instanceId(): string | null
  /** Attempts in a row that did not last. */
  failures(): number
  /** The messages of a supervisor: they reach a process that serves, and no other. */
  committed(position: JournalPosition): void
  announce(host: HostStatus): void
  notify(notice: SupervisorNotice): void
  /** To be called at each heartbeat: a process that has been silent for too long is killed and replaced. */
  beat(): void
  /** Lets the process close its sockets, at most for `timeout` ms; resolves when it has ended. */
  stop(timeout: Millis): Promise<void>
}

/**
 * Returns a process that `start` spawns. One that dies is replaced, after growing pauses if it keeps dying.
 */
export function createManagedProcess(deps: ManagedProcessDeps): ManagedProcess {
  const { process, logger } = deps
  let instance: Instance | null = null
  let restarts = 0
  let failures = 0
  let stopping = false

  function start(): void {
    const spawned = spawn()
    if (spawned === null) return
    const started = startInstance(deps, spawned)
    instance = started
    void spawned.exited.then((how) => ended(started, how))
  }

  /** Returns null, and tries again later, when the system has no process to give: the writer here goes on. */
  function spawn(): SpawnedProcess | null {
    try {
      return deps.spawn(process)
    } catch (error) {
      failures += 1
      logger.error('serving process not started', { process, error: String(error), failures })
      startLater([`a serving process cannot be started: ${String(error)}`])
      return null
    }
  }

  function ended(gone: Instance, how: Awaited<SpawnedProcess['exited']>): void {
    instance = null
    gone.relay.close()
    failures = gone.beats * PROCESS_HEARTBEAT.interval >= LASTING ? 1 : failures + 1
    if (!stopping) logger.error('serving process ended', { process, pid: gone.spawned.pid, ...how, failures })
    startLater(gone.lines)
  }

  function startLater(lines: readonly string[]): void {
    if (!stopping) deps.after(DELAYS[Math.min(failures, DELAYS.length) - 1] ?? 0, startAgain)
    deps.onEnd(lines)
  }

  function startAgain(): void {
    if (stopping) return
    restarts += 1
    start()
    if (instance !== null) logger.warn('serving process restarted', { process, restarts })
  }

  const serving = () => (instance?.status == null ? null : instance.connection)
  return {
    start,
    status: () => ({
      process,
      pid: instance?.spawned.pid ?? null,
      state: stateOf(instance, stopping, restarts),
      restarts,
      connections: instance?.status?.connections ?? 0,
      seq: instance?.status?.seq ?? 0,
    }),
    instanceId: () => instance?.id ?? null,
    failures: () => failures,
    committed: (position) => serving()?.position(position),
    announce: (host) => serving()?.status(host),
    notify: (notice) => serving()?.notice(notice),
    beat() {
      if (instance === null) return
      instance.beats += 1
      if (instance.connection.beat()) return
      logger.error('serving process is silent: killed', { process, pid: instance.spawned.pid })
    },
    async stop(timeout) {
      stopping = true
      if (instance === null) return
      const { spawned } = instance
      if (instance.status === null) spawned.kill('SIGKILL')
      else instance.connection.notice({ type: 'stop' })
      deps.after(timeout, () => spawned.kill('SIGKILL'))
      await spawned.exited
    },
  }
}

/** A process from its spawn to its end. */
type Instance = {
  readonly spawned: SpawnedProcess
  readonly id: string
  readonly connection: LinkEnd<Supervisor>
  readonly relay: HubEnd
  /** Why it cannot serve, as it said. */
  lines: readonly string[]
  beats: number
  /** Null until it serves. */
  status: Serving['status'] | null
}

function startInstance(deps: ManagedProcessDeps, spawned: SpawnedProcess): Instance {
  const { process, processes, operatorKey } = deps
  const id = deps.newInstanceId()

  function onStatus(status: Serving['status']): void {
    const isFirst = instance.status === null
    instance.status = status
    if (!isFirst) return
    // It was not told of what was committed while it started.
    connection.position(deps.host().position)
    deps.onReady()
  }

  function onNotice(notice: ServingNotice): void {
    switch (notice.type) {
      case 'failed':
        instance.lines = notice.lines
        break
      case 'scrape':
        deps.onScrape((text) => connection.notice({ type: 'metrics', id: notice.id, text }))
        break
      case 'collected':
        deps.onCollected(notice.id, notice.text)
        break
      case 'relay':
        instance.relay.receive(notice.relay)
        break
      default:
        notice satisfies never
    }
  }

  const connection = serveClient<Supervisor, Serving>({
    transport: spawned.channel,
    read: readFromServing,
    bus: deps.bus,
    accept: () =>
      ok<Accepted<Supervisor, Serving>>({
        greeting: { process, processes, instanceId: id, operatorKey, host: deps.host() },
        onStatus,
        onPosition() {},
        onNotice,
        onEnd() {},
      }),
    heartbeat: PROCESS_HEARTBEAT,
    logger: deps.logger,
  })
  const relay = deps.relay.attach((message) => connection.notice({ type: 'relay', relay: message }))
  const instance: Instance = { spawned, id, connection, relay, lines: [], beats: 0, status: null }
  return instance
}

function stateOf(instance: Instance | null, stopping: boolean, restarts: number): ProcessStatus['state'] {
  if (stopping) return 'stopping'
  if (instance !== null && instance.status !== null) return 'running'
  return restarts === 0 && instance !== null ? 'starting' : 'restarting'
}

/** Before each attempt in a row; a process that lasted for `LASTING` begins anew. */
const DELAYS: readonly Millis[] = [50, 200, 500, 1_000, 2_000, 4_000, 8_000, 15_000]
const LASTING: Millis = 30_000
