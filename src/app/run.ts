import { availableParallelism } from 'node:os'
import { type Config, readConfig, usage } from '../config/config.ts'
import { systemClock as clock, type Millis } from '../core/clock.ts'
import { createEmitter } from '../core/emitter.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { HostStatus } from '../processes/host-status.ts'
import { parentChannel } from '../processes/parent-channel.ts'
import { processCount, shareOfLimits } from '../processes/process-count.ts'
import { withProcess } from '../processes/process-logger.ts'
import { endByOrder } from '../processes/serving-end.ts'
import { linkToSupervisor } from '../processes/supervisor-link.ts'
import { logFailures } from '../relay/open-hub.ts'
import { type LitefsSettings, readLitefsSettings } from '../replication/litefs/settings.ts'
import { processLogger } from './logger.ts'
import { startNode } from './node.ts'
import { type Failure, orFailure, type Running } from './outcome.ts'
import { checkBoards, type Program } from './program.ts'
import { startServing } from './serving.ts'
import { endOnSignals } from './shutdown.ts'
import { startSupervisor } from './supervisor.ts'
import { startTicker, systemTimers } from './ticker.ts'

/**
 * Runs the program in the role that the environment asks for: a server alone, the supervisor of several
 * processes, a node of a cluster, or one of their serving processes. Mistakes end the process with a line
 * for people each.
 */
export async function runProgram(program: Program): Promise<void> {
  checkBoards(program.boards)
  const outcome = readConfig(process.env, program.boards)
  const [argument] = process.argv.slice(2)
  if (argument === '--help' || argument === '-h') process.stdout.write(usage(program.boards))
  else if (argument !== undefined) giveUp([`${argument}: the server takes no arguments; see --help`])
  else if (!outcome.ok) giveUp(outcome.errors)
  else if (outcome.config.processNumber === null) await serve(program, outcome.config, outcome.warnings)
  else await serveAsProcess(program, outcome.config.processNumber, outcome.config)
}

async function serve(program: Program, config: Config, warnings: readonly string[]): Promise<void> {
  const logger = processLogger(config, clock)
  for (const warning of warnings) logger.warn(warning)
  const machine = { platform: process.platform, cores: availableParallelism() }
  const count = processCount(config.processes, machine)
  if (!count.ok) return giveUp([count.error])
  const litefs = litefsOf(config)
  if (!litefs.ok) return giveUp([litefs.error])
  const started = await orFailure(start(program, config, count.value, litefs.value, logger), config)
  if (!started.ok) return giveUp(started.error)
  endOnSignals({
    stop: started.value.stop,
    process,
    logger,
    parent: config.isPackageScript ? () => process.ppid : null,
  })
  process.stdout.write(`Dashboard server: open ${started.value.address}\n`)
}

function start(
  program: Program,
  config: Config,
  processes: number,
  litefs: LitefsSettings | null,
  logger: Logger,
): Promise<Result<Running, Failure>> {
  if (litefs !== null) return startNode({ program, config, litefs, processes, logger })
  if (processes > 1) return startSupervisor({ program, config, processes, logger })
  return startServing({
    program,
    config,
    logger,
    commits: createEmitter(),
    supervisor: null,
    litefs: null,
  })
}

/** Where LiteFS's own configuration says the database is; null without LiteFS. */
function litefsOf(config: Config): Result<LitefsSettings | null, string> {
  return config.litefs === null ? ok(null) : readLitefsSettings(config.litefs, process.env)
}

/** One process of several: it lives and ends with its supervisor. */
async function serveAsProcess(program: Program, number: number, given: Config): Promise<void> {
  const channel = parentChannel(process)
  if (channel === null) return giveUp(['DASHBOARD_PROCESS_NUMBER is set by the server itself; unset it'])
  const logger = withProcess(processLogger(given, clock), number)
  const commits = createEmitter<void>()
  const hosts = createEmitter<HostStatus>()
  const end = endByOrder({ process, exit: (code) => process.exit(code), wait: Bun.sleep, logger })
  const link = await linkToSupervisor({
    channel,
    onCommit: commits.emit,
    onHost: hosts.emit,
    onStop: end.stop,
    onGone: end.orphaned,
    relay: { now: clock.now, failed: logFailures(logger) },
    after: systemTimers.after,
    every: (period: Millis, run) => startTicker(period, run, systemTimers),
  })
  const config = { ...given, limits: shareOfLimits(given.limits, link.welcome.processes) }
  const litefs = litefsOf(given)
  const supervisor = { link, hosts }
  const started = litefs.ok
    ? await orFailure(
        startServing({ program, config, logger, commits, supervisor, litefs: litefs.value }),
        config,
      )
    : fail([litefs.error])
  if (!started.ok) {
    link.failed(started.error)
    return end.failed()
  }
  end.running(started.value)
  link.ready(started.value)
}

function giveUp(lines: Failure): void {
  // Details of other programs, SQLite's for one, may bring line breaks of their own.
  for (const line of lines) process.stderr.write(`${line.replaceAll('\n', ' ')}\n`)
  process.exit(1)
}
