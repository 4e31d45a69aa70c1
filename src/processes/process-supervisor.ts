import type { Millis } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Hub } from '../relay/hub.ts'
import type { NodeView } from '../replication/node.ts'
import {
  BEAT,
  type HostState,
  type Position,
  type PresenceTotal,
  type ProcessStatus,
  type WriterStatus,
} from './process-protocol.ts'
import { createSeat, type Seat, type Spawned } from './seat.ts'

export type SupervisorParts = {
  readonly processes: number
  readonly operatorKey: string
  readonly spawn: (process: number) => Spawned
  readonly newRunId: () => string
  readonly bus: CommandBus
  readonly writer: () => WriterStatus
  readonly position: () => Position
  /** How the host is as a node of a cluster; null where it is none. */
  readonly node: () => NodeView | null
  /** Hands over who is to be called after every commit from now on. */
  readonly onCommit: (listener: (position: Position) => void) => void
  /** Takes what runs other than these left behind; false when it has to be tried again. */
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
  /** Runs something again and again; answers how to end it. */
  readonly every: (period: Millis, run: () => void) => () => void
  readonly logger: Logger
}

/** The serving processes of one host. */
export type Processes = {
  status(): readonly ProcessStatus[]
  /** The names of the runs that live. */
  runs(): readonly string[]
  /** Tells all of them at once how the host is; they hear it with every beat too. */
  announce(): void
  /** Lets every process say goodbye, at most for `patience` ms; resolves when all have ended. */
  stop(patience: Millis): Promise<void>
}

/**
 * Starts the serving processes and keeps them up. One that dies is replaced and what it left behind is swept, so that no
 * device stays online for ever. Fails, with nothing left running, when one of them cannot start the first time: it says why.
 */
export async function superviseProcesses(
  parts: SupervisorParts,
): Promise<Result<Processes, readonly string[]>> {
  const { processes, logger } = parts
  const started = Promise.withResolvers<readonly string[] | null>()
  const collection = createCollection(parts)
  let isUp = false

  const state = (): HostState => ({
    writer: parts.writer(),
    position: parts.position(),
    processes: seats.map((seat) => seat.status()),
    presence: parts.presence(),
    node: parts.node(),
  })
  const seats: readonly Seat[] = Array.from({ length: processes }, (_, index) =>
    createSeat({
      ...parts,
      process: index + 1,
      state,
      onReady() {
        announce()
        if (seats.every((seat) => seat.status().state === 'running')) started.resolve(null)
      },
      onEnd(lines) {
        announce()
        if (!isUp) started.resolve(lines.length > 0 ? lines : [DIED])
        else if (isHopeless(seats)) parts.onGivenUp()
        void sweep(SWEEP_AGAIN)
      },
      onScrape: (answer) => void collection.begin(seats).then(answer),
      onCollected: collection.take,
    }),
  )
  const runs = () => seats.map((seat) => seat.runId()).filter((id) => id !== null)
  /** Until it is taken: the writer may be away at the same time. */
  const sweep = async (again: Millis): Promise<void> => {
    if (await parts.sweep(runs())) return
    parts.after(again, () => void sweep(Math.min(again * 2, SWEEP_LATEST)))
  }
  const announce = () => {
    const now = state()
    for (const seat of seats) seat.send({ type: 'state', state: now })
  }
  const beat = () => {
    for (const seat of seats) seat.beat()
    announce()
  }

  // Before the first start: who is up serves already while the others come.
  parts.onCommit((position) => {
    for (const seat of seats) seat.send({ type: 'committed', position })
  })
  for (const seat of seats) seat.start()
  const stopBeating = parts.every(BEAT, beat)
  const stop = async (patience: Millis): Promise<void> => {
    await Promise.all(seats.map((seat) => seat.stop(patience)))
    stopBeating()
  }
  const failed = await started.promise
  if (failed !== null) {
    await stop(0)
    return fail(failed)
  }
  isUp = true
  logger.info('serving processes are up', { processes })
  return ok({
    status: () => seats.map((seat) => seat.status()),
    runs,
    announce,
    stop,
  })
}

/** Gathers the metrics of all processes; who does not answer in time is left out. */
function createCollection(parts: SupervisorParts) {
  const waiting = new Map<number, (text: string) => void>()
  let last = 0
  const ask = (seat: Seat): Promise<string> => {
    const id = ++last
    const { promise, resolve } = Promise.withResolvers<string>()
    waiting.set(id, resolve)
    seat.send({ type: 'collect', id })
    parts.after(COLLECT_PATIENCE, () => resolve(''))
    return promise.finally(() => waiting.delete(id))
  }
  return {
    async begin(seats: readonly Seat[]): Promise<string> {
      const running = seats.filter((seat) => seat.status().state === 'running')
      return parts.mergeMetrics(await Promise.all([parts.metrics(), ...running.map(ask)]))
    },
    take: (id: number, text: string) => waiting.get(id)?.(text),
  }
}

/** None serves, and each has been tried often enough. */
function isHopeless(seats: readonly Seat[]): boolean {
  return seats.every((seat) => seat.status().state === 'restarting' && seat.failures() >= ATTEMPTS)
}

/** Half a minute of growing pauses. */
const ATTEMPTS = 8
const SWEEP_AGAIN: Millis = 200
const SWEEP_LATEST: Millis = 5_000
const COLLECT_PATIENCE: Millis = 1_000

const DIED = 'a serving process ended while it started; its log lines above say why'
