import type { Millis } from '../core/clock.ts'
import type { CommandBus, JournalPosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { WriterStatus } from '../journal/writer-supervisor.ts'
import type { Hub } from '../relay/hub.ts'
import type { PresenceTotal } from '../relay/presence.ts'
import type { NodeView } from '../replication/node-view.ts'
import type { HostStatus, ProcessStatus } from './host-status.ts'
import { createManagedProcess, type ManagedProcess, type SpawnedProcess } from './managed-process.ts'
import { PROCESS_HEARTBEAT } from './process-messages.ts'
import { createTextRequests } from './text-requests.ts'

export type SupervisorDeps = {
  readonly processes: number
  readonly operatorKey: string
  readonly spawn: (process: number) => SpawnedProcess
  readonly newInstanceId: () => string
  readonly bus: CommandBus
  readonly writer: () => WriterStatus
  readonly position: () => JournalPosition
  /** The host as a node of a cluster; null where it is none. */
  readonly node: () => NodeView | null
  /** Registers what is called after every commit from now on. */
  readonly onCommit: (listener: (position: JournalPosition) => void) => void
  /** Takes what instances other than these left behind. False when it has to be tried again. */
  readonly sweep: (alive: readonly string[]) => Promise<boolean>
  /** The supervisor's own metrics. */
  readonly metrics: () => Promise<string>
  readonly mergeMetrics: (texts: readonly string[]) => string
  readonly relay: Pick<Hub, 'attach'>
  readonly presence: () => PresenceTotal
  /** No process can be kept running: the supervisor is of no use any more. */
  readonly onGivenUp: () => void
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
  /** Runs something again and again. Returns a function that ends it. */
  readonly every: (period: Millis, run: () => void) => () => void
  readonly logger: Logger
}

/** The serving processes of one host. */
export type Processes = {
  status(): readonly ProcessStatus[]
  /** The ids of the instances that live. */
  instances(): readonly string[]
  /** Sends all of them the status of the host at once; they get it with every heartbeat too. */
  announce(): void
  /** Lets every process close its sockets, at most for `timeout` ms; resolves when all have ended. */
  stop(timeout: Millis): Promise<void>
}

/**
 * Starts the serving processes and keeps them running. One that dies is replaced and what it left behind is
 * swept, so that no device stays online for ever. Fails, with nothing left running and the reasons, when one
 * of them cannot start the first time.
 */
export async function superviseProcesses(
  deps: SupervisorDeps,
): Promise<Result<Processes, readonly string[]>> {
  const { processes, logger } = deps
  const started = Promise.withResolvers<readonly string[] | null>()
  const collections = createTextRequests({ timeout: COLLECT_TIMEOUT, after: deps.after })
  let isUp = false

  const host = (): HostStatus => ({
    writer: deps.writer(),
    position: deps.position(),
    processes: all.map((each) => each.status()),
    presence: deps.presence(),
    node: deps.node(),
  })
  const all: readonly ManagedProcess[] = Array.from({ length: processes }, (_, index) =>
    createManagedProcess({
      ...deps,
      process: index + 1,
      host,
      onReady() {
        announce()
        if (all.every((each) => each.status().state === 'running')) started.resolve(null)
      },
      onEnd(lines) {
        announce()
        if (!isUp) started.resolve(lines.length > 0 ? lines : [DIED])
        else if (isHopeless(all)) deps.onGivenUp()
        void sweep(MIN_SWEEP_PAUSE)
      },
      onScrape: (answer) => void metrics().then(answer),
      onCollected: collections.answer,
    }),
  )
  /** Returns the metrics of all processes; those of one that does not answer in time are left out. */
  async function metrics(): Promise<string> {
    const running = all.filter((each) => each.status().state === 'running')
    const texts = running.map((each) =>
      collections.ask(
        (id) => each.notify({ type: 'collect', id }),
        async () => '',
      ),
    )
    return deps.mergeMetrics(await Promise.all([deps.metrics(), ...texts]))
  }
  const instances = () => all.map((each) => each.instanceId()).filter((id) => id !== null)
  /** Until it is done: the writer may be away at the same time. */
  const sweep = async (pause: Millis): Promise<void> => {
    if (await deps.sweep(instances())) return
    deps.after(pause, () => void sweep(Math.min(pause * 2, MAX_SWEEP_PAUSE)))
  }
  const announce = () => {
    const now = host()
    for (const each of all) each.announce(now)
  }
  const beat = () => {
    for (const each of all) each.beat()
    announce()
  }

  // Before the first start: a process that is up serves already while the others start.
  deps.onCommit((position) => {
    for (const each of all) each.committed(position)
  })
  for (const each of all) each.start()
  const stopBeating = deps.every(PROCESS_HEARTBEAT.interval, beat)
  const stop = async (timeout: Millis): Promise<void> => {
    await Promise.all(all.map((each) => each.stop(timeout)))
    stopBeating()
  }
  const failed = await started.promise
  if (failed !== null) {
    await stop(0)
    return fail(failed)
  }
  isUp = true
  logger.info('serving processes are up', { processes })
  return ok({ status: () => all.map((each) => each.status()), instances, announce, stop })
}

/** Returns true if no process serves, and each was started often enough. */
function isHopeless(all: readonly ManagedProcess[]): boolean {
  return all.every((each) => each.status().state === 'restarting' && each.failures() >= MAX_ATTEMPTS)
}

/** Starts in a row: with the growing pauses between them, half a minute. */
const MAX_ATTEMPTS = 8
const MIN_SWEEP_PAUSE: Millis = 200
const MAX_SWEEP_PAUSE: Millis = 5_000
const COLLECT_TIMEOUT: Millis = 1_000

const DIED = 'a serving process ended while it started; its log lines above say why'
