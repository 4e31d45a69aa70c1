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

export type SupervisorDeps = {
  readonly processes: number
  readonly operatorKey: string
  readonly spawn: (process: number) => SpawnedProcess
  readonly newInstanceId: () => string
  readonly bus: CommandBus
  readonly writer: () => WriterStatus
  readonly position: () => JournalPosition
  /** How the host is as a node of a cluster; null where it is none. */
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
  /** No process can be kept up: this one is of no use any more. */
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
 * Starts the serving processes and keeps them up. One that dies is replaced and what it left behind is swept,
 * so that no device stays online for ever. Fails, with nothing left running, when one of them cannot start
 * the first time: it says why.
 */
export async function superviseProcesses(
  deps: SupervisorDeps,
): Promise<Result<Processes, readonly string[]>> {
  const { processes, logger } = deps
  const started = Promise.withResolvers<readonly string[] | null>()
  const collection = createCollection(deps)
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
      onScrape: (answer) => void collection.begin(all).then(answer),
      onCollected: collection.take,
    }),
  )
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

/** Gathers the metrics of all processes; one that does not answer in time is left out. */
function createCollection(deps: SupervisorDeps) {
  const waiting = new Map<number, (text: string) => void>()
  let last = 0
  const ask = (each: ManagedProcess): Promise<string> => {
    const id = ++last
    const { promise, resolve } = Promise.withResolvers<string>()
    waiting.set(id, resolve)
    each.notify({ type: 'collect', id })
    deps.after(COLLECT_TIMEOUT, () => resolve(''))
    return promise.finally(() => waiting.delete(id))
  }
  return {
    async begin(all: readonly ManagedProcess[]): Promise<string> {
      const running = all.filter((each) => each.status().state === 'running')
      return deps.mergeMetrics(await Promise.all([deps.metrics(), ...running.map(ask)]))
    },
    take: (id: number, text: string) => waiting.get(id)?.(text),
  }
}

/** None serves, and each has been tried often enough. */
function isHopeless(all: readonly ManagedProcess[]): boolean {
  return all.every((each) => each.status().state === 'restarting' && each.failures() >= MAX_ATTEMPTS)
}

/** Half a minute of growing pauses. */
const MAX_ATTEMPTS = 8
const MIN_SWEEP_PAUSE: Millis = 200
const MAX_SWEEP_PAUSE: Millis = 5_000
const COLLECT_TIMEOUT: Millis = 1_000

const DIED = 'a serving process ended while it started; its log lines above say why'
