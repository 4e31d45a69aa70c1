import { fail, ok, type Result } from '../core/result.ts'
import { createProcessMetrics } from '../metrics/process-metrics.ts'
import { claimPort } from '../processes/port-claim.ts'
import { superviseProcesses } from '../processes/process-supervisor.ts'
import { takeDataFolder } from '../storage/sqlite/open.ts'
import { addressToOpen } from './listen.ts'
import { createLocalProcesses } from './local-processes.ts'
import { assembleNode, type NodeOptions } from './node-assembly.ts'
import { openRelay } from './open-relay.ts'
import { announceOperatorKey } from './operator.ts'
import type { Failure, Running } from './outcome.ts'
import { processDeps } from './process-deps.ts'

/** Of the time that the whole end may take, ms. */
const STOP_TIMEOUT = 7_000
/**
 * For a port that is taken, ms: a process whose supervisor was killed stands still for ten seconds if LiteFS
 * died in the middle of its read.
 */
const PORT_TIMEOUT = 12_000

/** Starts LiteFS, finds its place in the cluster, and has `processes` serving processes serve. */
export async function startNode(options: NodeOptions): Promise<Result<Running, Failure>> {
  const { program, config, litefs, processes, logger } = options
  const port = await claimPort(config.host, config.port, PORT_TIMEOUT, Bun.sleep)
  // One server a data folder, whichever node leads.
  const folder = takeDataFolder(config.dataDir)
  if (!folder.ok) return fail([folder.error.message])
  const { operatorKey: operator, ...common } = processDeps(config, port.number, program.entry, logger)
  const local = createLocalProcesses()
  const registry = createProcessMetrics(local.status)
  const failed = Promise.withResolvers<Failure>()
  let isUp = false
  const node = assembleNode(options, {
    ...common,
    registry,
    local,
    onFailed(lines) {
      if (!isUp) return failed.resolve(lines)
      logger.error('LiteFS cannot be kept', { reason: lines.join(' ') })
      process.exit(1)
    },
  })
  logger.info('waiting for the cluster', { node: litefs.node })
  const reason = await Promise.race([node.ready.then(() => null), failed.promise])
  if (reason !== null) return fail(reason)

  const relay = await openRelay(config, logger, {
    name: litefs.node,
    connections: local.connections,
    registry,
  })
  const started = await superviseProcesses({
    ...common,
    processes,
    operatorKey: operator.text,
    bus: node.bus,
    writer: node.writer,
    position: node.position,
    node: node.view,
    onCommit: node.onCommit,
    // The primary finds out: it knows the processes of all nodes.
    sweep: async () => true,
    metrics: () => registry.metrics(),
    relay: relay.hub,
    presence: relay.total,
  })
  if (!started.ok) {
    await Promise.all([node.stop(), relay.stop()])
    return started
  }
  isUp = true
  local.started(started.value)
  const forgetOperator = announceOperatorKey(operator, port.number)
  process.on('SIGUSR2', () => void node.handOver())
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    await node.handOver()
    // Their last commands, the ends of sessions among them, come while they close their sockets.
    await started.value.stop(STOP_TIMEOUT)
    await Promise.all([node.stop(), relay.stop()])
    port.release()
    folder.value()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}
