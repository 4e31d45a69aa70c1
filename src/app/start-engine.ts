import type { Registry } from 'prom-client'
import { systemClock as clock, systemRandom as random } from '../core/clock.ts'
import { createHistory } from '../journal/history.ts'
import { createTail, type Tail } from '../journal/tail.ts'
import { createEngine } from '../live/engine.ts'
import type { LiveRelay } from '../live/ports.ts'
import type { Engine } from '../live/types.ts'
import { createLiveMetrics } from '../metrics/live-metrics.ts'
import { countLostSuffixes } from '../metrics/node-metrics.ts'
import { createMessageParser } from '../protocol/parse.ts'
import { bunPublisher, bunTransport, type LiveSocket } from '../websocket/sockets.ts'
import { createAttachment } from './attachment.ts'
import { engineLimits } from './engine-settings.ts'
import { startEngineTimers } from './engine-timers.ts'
import type { Listener } from './listen.ts'
import type { Journal } from './open-journal.ts'
import type { ServingDeps } from './serving-deps.ts'
import type { StartedAuth } from './start-auth.ts'
import type { RunningBoards } from './start-boards.ts'
import { systemTimers } from './ticker.ts'

export type EngineInputs = {
  readonly journal: Journal
  readonly listener: Listener
  readonly auth: StartedAuth
  readonly boards: RunningBoards
  readonly registry: Registry
  readonly relay: LiveRelay | null
}

export type StartedEngine = {
  readonly engine: Engine<LiveSocket>
  /** Brings the engine up to the journal's end, however far that is; failures are logged. */
  readonly catchUp: () => void
  readonly stop: () => void
}

/** Makes the engine, and has it follow the journal, the clock and the state of the host. */
export function startEngine(context: ServingDeps, inputs: EngineInputs): StartedEngine {
  const { config, program, logger, commits, litefs } = context
  const { journal, listener, auth, boards, registry, relay } = inputs
  const { storage } = journal
  // Before the engine is made: rows committed in between then come twice, which the engine sees, and are
  // never skipped.
  const from = storage.read(({ journal }) => journal.head())
  const engine = createEngine<LiveSocket>({
    clock,
    random,
    transport: bunTransport(config.compression),
    publisher: bunPublisher(listener.server, config.compression),
    sources: boards.channels,
    access: auth.access,
    history: createHistory((work) => storage.read(({ journal }) => work(journal))),
    authenticator: auth.authenticator,
    parser: createMessageParser(program.boards.flatMap(({ messages }) => messages)),
    boards: boards.messages,
    events: program.boards.flatMap(({ events }) => events),
    metrics: createLiveMetrics(registry),
    relay,
    limits: engineLimits(config.limits),
    timers: systemTimers,
    defect: (cause, during) => logger.error('defect', { during, cause: Bun.inspect(cause) }),
  })
  auth.revoked.on((publicKey) => {
    engine.revoke(
      ({ principal }) => principal.type === 'user' && principal.publicKey === publicKey,
      'keyRevoked',
    )
  })
  const tail = followJournal(context, inputs, engine, from)
  /** The database may be busy for a moment, or away; the next second tries again. */
  const reading = (read: () => void) => {
    if (!storage.isAttached()) return
    try {
      read()
    } catch (error) {
      logger.warn('journal not readable', { error: String(error) })
    }
  }
  const wake = () => reading(tail.wake)
  const stopCommits = commits.on(wake)
  wake()
  // Over LiteFS the supervisor looks for rows that no commit told of: a read meets a mount that may hang.
  const stopTimers = startEngineTimers(engine, litefs === null ? wake : () => {}, systemTimers)
  const stopHosts = followHost(context, storage, engine, tail)
  return {
    engine,
    catchUp: () => reading(tail.catchUp),
    stop() {
      stopTimers()
      stopCommits()
      stopHosts()
      tail.stop()
    },
  }
}

/**
 * Every row goes to the key cache first, so that nothing is served under a key revoked in the same commit.
 */
function followJournal(
  { logger, litefs }: ServingDeps,
  { journal: { storage }, auth, boards, registry }: EngineInputs,
  engine: Engine<LiveSocket>,
  from: ReturnType<Tail['cursor']>,
): Tail {
  const countLost = litefs === null ? () => {} : countLostSuffixes(registry)
  return createTail({
    from,
    read: (work) => storage.read(({ journal }) => work(journal)),
    deliver(entries) {
      auth.onEntries(entries)
      engine.apply(entries)
    },
    onLost({ cursor, head }) {
      logger.error('the journal was replaced under the server', {
        had: cursor.seq,
        had_epoch: cursor.epoch,
        found: head.seq,
        found_epoch: head.epoch,
      })
      countLost()
      auth.forget()
      engine.resync('the journal was replaced')
      boards.historyLost()
    },
    defer: setImmediate,
    failed: (error) => logger.error('journal not followed', { error: String(error) }),
  })
}

/** In a cluster the database comes and goes with LiteFS. Returns a function that ends the following. */
function followHost(
  { supervisor, litefs, logger }: ServingDeps,
  { attach, detach }: Journal['storage'],
  engine: Engine<LiveSocket>,
  { catchUp }: Tail,
): () => void {
  if (supervisor === null || litefs === null) return () => {}
  const follow = createAttachment({ attach, detach, catchUp, engine, now: clock.now, logger })
  return supervisor.hosts.on(({ node }) => {
    if (node !== null) follow(node)
  })
}
