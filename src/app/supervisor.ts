/** The composition root of a server of several processes: it holds the writer and the port, and has others serve. */
import { sweepCommand } from '../boards/rewards/commands/upkeep.ts'
import type { Config } from '../config/config.ts'
import { systemClock as clock } from '../core/clock.ts'
import type { JournalPosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { createProcessMetrics } from '../metrics/process-metrics.ts'
import { claimPort } from '../processes/port-claim.ts'
import { type Processes, superviseProcesses } from '../processes/process-supervisor.ts'
import { addressToOpen } from './listen.ts'
import { announceOperatorKey } from './operator.ts'
import {
  type Failure,
  keepSettled,
  openRelay,
  openWriter,
  ownName,
  type Running,
  servingParts,
  sumOfConnections,
} from './parts.ts'

/** Of the nine seconds that the whole end may take, ms. */
const GOODBYE_PATIENCE = 7_000
/** For a port that is taken: processes whose supervisor was killed notice within this, ms. */
const PORT_PATIENCE = 1_000

/** Starts the writer and `processes` serving processes of the program `entry`. */
export async function startSupervisor(
  config: Config,
  processes: number,
  entry: string,
  logger: Logger,
): Promise<Result<Running, Failure>> {
  // The port first, so that a taken one is told before anything is touched.
  const port = await claimPort(config.host, config.port, PORT_PATIENCE, Bun.sleep)
  let serving: Processes | null = null
  let tellCommit = (_position: JournalPosition): void => {}
  const opened = await openWriter(config, logger, (position) => tellCommit(position))
  if (!opened.ok) return opened
  const writer = opened.value
  const { operatorKey: operator, ...common } = servingParts(config, port.number, entry, logger)
  const forgetOperator = announceOperatorKey(operator, port.number)
  const sweep = (alive: readonly string[]) => writer.bus.submit(sweepCommand(alive, clock.now()))
  const swept = await sweep([])
  if (!swept.ok) return fail([swept.error.message])

  const metrics = createProcessMetrics(() => serving?.status() ?? [])
  const relay = await openRelay(config, logger, {
    name: ownName(port.number),
    connections: () => sumOfConnections(serving?.status() ?? []),
    registry: metrics,
  })
  const started = await superviseProcesses({
    ...common,
    processes,
    operatorKey: operator.text,
    bus: writer.bus,
    writer: writer.status,
    position: writer.position,
    node: () => null,
    onCommit(listener) {
      tellCommit = listener
    },
    sweep: (alive) =>
      sweep(alive).then(
        ({ ok }) => ok,
        () => false,
      ),
    metrics: () => metrics.metrics(),
    relay: relay.hub,
    presence: relay.total,
  })
  if (!started.ok) return started
  serving = started.value
  const stopSettling = keepSettled(writer.bus, logger)
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    stopSettling()
    // Their last commands, the ends of devices among them, come while they say goodbye.
    await started.value.stop(GOODBYE_PATIENCE)
    await Promise.all([writer.close(), relay.stop()])
    port.release()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}
