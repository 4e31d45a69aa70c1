import type { Config } from '../config/config.ts'
import type { JournalPosition } from '../core/command.ts'
import { createEmitter } from '../core/emitter.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { createProcessMetrics } from '../metrics/process-metrics.ts'
import { claimPort } from '../processes/port-claim.ts'
import { superviseProcesses } from '../processes/process-supervisor.ts'
import { addressToOpen } from './listen.ts'
import { createLocalProcesses } from './local-processes.ts'
import { hostName, openRelay } from './open-relay.ts'
import { openWriter } from './open-writer.ts'
import { announceOperatorKey } from './operator.ts'
import type { Failure, Running } from './outcome.ts'
import { cleanUpInstances, startPrimaryJobs, tryCleanUpInstances } from './primary-work.ts'
import { processDeps } from './process-deps.ts'
import type { Program } from './program.ts'

/** Of the nine seconds that the whole end may take, ms. */
const STOP_TIMEOUT = 7_000
/** For a port that is taken: processes whose supervisor was killed notice within this, ms. */
const PORT_TIMEOUT = 1_000

export type SupervisorOptions = {
  readonly program: Program
  readonly config: Config
  readonly processes: number
  readonly logger: Logger
}

/** Holds the writer and the port, and has `processes` serving processes serve. */
export async function startSupervisor(options: SupervisorOptions): Promise<Result<Running, Failure>> {
  const { program, config, processes, logger } = options
  // The port first, so that a taken one is told before anything is touched.
  const port = await claimPort(config.host, config.port, PORT_TIMEOUT, Bun.sleep)
  const commits = createEmitter<JournalPosition>()
  const opened = await openWriter({ ...options, onCommit: commits.emit })
  if (!opened.ok) return opened
  const writer = opened.value
  const { operatorKey: operator, ...common } = processDeps(config, port.number, program.entry, logger)
  const forgetOperator = announceOperatorKey(operator, port.number)
  const refusal = await cleanUpInstances(program.boards, writer.bus, [])
  if (refusal !== null) return fail([refusal.error.message])

  const local = createLocalProcesses()
  const metrics = createProcessMetrics(local.status)
  const relay = await openRelay(config, logger, {
    name: hostName(port.number),
    connections: local.connections,
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
    onCommit: commits.on,
    sweep: (alive) => tryCleanUpInstances(program.boards, writer.bus, alive),
    metrics: () => metrics.metrics(),
    relay: relay.hub,
    presence: relay.total,
  })
  if (!started.ok) return started
  local.started(started.value)
  const stopJobs = startPrimaryJobs(program.boards, writer.bus, logger)
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    stopJobs()
    // Their last commands, the ends of sessions among them, come while they close their sockets.
    await started.value.stop(STOP_TIMEOUT)
    await Promise.all([writer.close(), relay.stop()])
    port.release()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}
