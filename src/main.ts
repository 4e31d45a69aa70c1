/**
 * Where the server begins: it reads the configuration and becomes what that says, a server alone, the supervisor of several processes, a node of
 * a cluster, or one of their serving processes. Each has a composition root of its own.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { processLogger } from './app/logger.ts'
import { startNode } from './app/node.ts'
import { type Failure, orFailure, type Running } from './app/parts.ts'
import { nothingYet, startServing } from './app/serving.ts'
import { endOnSignals } from './app/shutdown.ts'
import { startSupervisor } from './app/supervisor.ts'
import { startTicker, systemTimers } from './app/ticker.ts'
import { REWARDS_SETTINGS } from './boards/rewards/settings.ts'
import { type Config, readConfig, usage } from './config/config.ts'
import { systemClock as clock } from './core/clock.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import { parentChannel } from './processes/parent-channel.ts'
import { processCount, shareOfLimits } from './processes/process-count.ts'
import { withProcess } from './processes/process-logger.ts'
import { endByOrder } from './processes/serving-end.ts'
import { linkToSupervisor } from './processes/supervisor-link.ts'
import { logFailures } from './relay/open-hub.ts'
import { type LitefsSettings, readLitefsSettings } from './replication/litefs/settings.ts'

async function run(config: Config, warnings: readonly string[]): Promise<void> {
  const logger = processLogger(config, clock)
  for (const warning of warnings) logger.warn(warning)
  const machine = { platform: process.platform, cores: availableParallelism() }
  const count = processCount(config.processes, machine)
  if (!count.ok) return giveUp([count.error])
  const litefs = litefsOf(config)
  if (!litefs.ok) return giveUp([litefs.error])
  const started = await orFailure(begin(config, count.value, litefs.value, logger), config)
  if (!started.ok) return giveUp(started.error)
  endOnSignals({
    stop: started.value.stop,
    process,
    logger,
    parent: config.isPackageScript ? () => process.ppid : null,
  })
  process.stdout.write(`Dashboard server: open ${started.value.address}\n`)
}

/** As what the server starts. */
function begin(
  config: Config,
  processes: number,
  litefs: LitefsSettings | null,
  logger: Logger,
): Promise<Result<Running, Failure>> {
  const entry = fileURLToPath(import.meta.url)
  if (litefs !== null) return startNode({ config, litefs, processes, entry, logger })
  if (processes > 1) return startSupervisor(config, processes, entry, logger)
  return startServing({ config, logger, late: nothingYet(), link: null, litefs: null })
}

/** Where LiteFS's own configuration says the database is; null without LiteFS. */
function litefsOf(config: Config): Result<LitefsSettings | null, string> {
  return config.litefs === null ? ok(null) : readLitefsSettings(config.litefs, process.env)
}

/** One process of several: it lives and ends with its supervisor. */
async function serveFor(number: number, given: Config): Promise<void> {
  const channel = parentChannel(process)
  if (channel === null) return giveUp(['DASHBOARD_PROCESS_NUMBER is set by the server itself; unset it'])
  const logger = withProcess(processLogger(given, clock), number)
  const late = nothingYet()
  const end = endByOrder({ process, exit: (code) => process.exit(code), wait: Bun.sleep, logger })
  const link = await linkToSupervisor({
    channel,
    onCommit: () => late.wakeTail(),
    onHost: (host) => late.onHost(host),
    onStop: end.stop,
    onGone: end.orphaned,
    status: () => ({ connections: late.engine?.stats().sessions ?? 0, seq: late.engine?.stats().seq ?? 0 }),
    metrics: () => late.metrics(),
    relay: { now: clock.now, failed: logFailures(logger) },
    after: systemTimers.after,
    every: (period, run) => startTicker(period, run, systemTimers),
  })
  const config = { ...given, limits: shareOfLimits(given.limits, link.welcome.processes) }
  const litefs = litefsOf(given)
  const started = litefs.ok
    ? await orFailure(startServing({ config, logger, late, link, litefs: litefs.value }), config)
    : fail([litefs.error])
  if (!started.ok) {
    link.failed(started.error)
    return end.failed()
  }
  end.running(started.value)
  link.ready()
}

function giveUp(lines: Failure): void {
  // Details of other programs, SQLite's for one, may bring line breaks of their own.
  for (const line of lines) process.stderr.write(`${line.replaceAll('\n', ' ')}\n`)
  process.exit(1)
}

const BOARDS = [REWARDS_SETTINGS]
const outcome = readConfig(process.env, BOARDS)
const [argument] = process.argv.slice(2)
if (argument === '--help' || argument === '-h') process.stdout.write(usage(BOARDS))
else if (argument !== undefined) giveUp([`${argument}: the server takes no arguments; see --help`])
else if (!outcome.ok) giveUp(outcome.errors)
else if (outcome.config.processNumber === null) await run(outcome.config, outcome.warnings)
else await serveFor(outcome.config.processNumber, outcome.config)
