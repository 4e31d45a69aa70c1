/** The composition root of a node of a cluster: it holds LiteFS, the writer when it leads, and the way to the primary when it does not. */

import { fail, ok, type Result } from '../core/result.ts'
import { claimPort } from '../processes/port-claim.ts'
import { superviseProcesses } from '../processes/process-supervisor.ts'
import { takeDataFolder } from '../storage/sqlite/open.ts'
import { addressToOpen } from './listen.ts'
import { assembleNode, connectionsOf, type LateNode, type NodeOptions } from './node-parts.ts'
import { announceOperatorKey } from './operator.ts'
import { type Failure, openRelay, type Running, servingParts } from './parts.ts'

/** Of the time that the whole end may take, ms. */
const GOODBYE_PATIENCE = 7_000
/** For a port that is taken, ms: a process whose supervisor was killed stands still for ten seconds if LiteFS died in the middle of its read. */
const PORT_PATIENCE = 12_000

/** Starts LiteFS, finds its place in the cluster, and has `processes` serving processes serve. */
export async function startNode(options: NodeOptions): Promise<Result<Running, Failure>> {
  const { config, litefs, processes, entry, logger } = options
  const port = await claimPort(config.host, config.port, PORT_PATIENCE, Bun.sleep)
  // One server a data folder, whichever node leads.
  const folder = takeDataFolder(config.dataDir)
  if (!folder.ok) return fail([folder.error.message])
  const late: LateNode = { node: null, serving: null, writer: null, tellCommit() {}, seq: 0 }
  const { operatorKey: operator, ...common } = servingParts(config, port.number, entry, logger)
  const failed = Promise.withResolvers<Failure>()
  const node = assembleNode(options, late, common, (lines) => {
    if (late.serving === null) return failed.resolve(lines)
    logger.error('LiteFS cannot be kept', { reason: lines.join(' ') })
    process.exit(1)
  })
  logger.info('waiting for the cluster', { node: litefs.node })
  const why = await Promise.race([node.ready.then(() => null), failed.promise])
  if (why !== null) return fail(why)

  const relay = await openRelay(config, logger, {
    name: litefs.node,
    connections: () => connectionsOf(late),
    registry: node.registry,
  })
  const started = await superviseProcesses({
    ...common,
    processes,
    operatorKey: operator.text,
    bus: node.bus,
    writer: node.writer,
    position: () => late.writer?.position() ?? { epoch: 0, seq: late.seq },
    node: node.view,
    onCommit(listener) {
      late.tellCommit = listener
    },
    // The primary finds out: it knows the processes of all nodes.
    sweep: async () => true,
    metrics: () => node.registry.metrics(),
    relay: relay.hub,
    presence: relay.total,
  })
  if (!started.ok) {
    await Promise.all([node.stop(), relay.stop()])
    return started
  }
  late.serving = started.value
  const forgetOperator = announceOperatorKey(operator, port.number)
  process.on('SIGUSR2', () => void node.handOver())
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    await node.handOver()
    // Their last commands, the ends of devices among them, come while they say goodbye.
    await started.value.stop(GOODBYE_PATIENCE)
    await Promise.all([node.stop(), relay.stop()])
    port.release()
    folder.value()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}
