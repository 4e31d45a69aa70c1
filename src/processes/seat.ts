import type { Millis } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import type { Hub, HubEnd } from '../relay/hub.ts'
import {
  BEAT,
  type Channel,
  type HostState,
  type ProcessStatus,
  type ToServing,
  type ToSupervisor,
} from './process-protocol.ts'

/** A spawned process. `exited` never rejects. */
export type Spawned = {
  readonly pid: number
  readonly channel: Channel
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

export type SeatParts = {
  readonly process: number
  readonly processes: number
  readonly operatorKey: string
  readonly spawn: (process: number) => Spawned
  readonly newRunId: () => string
  readonly bus: CommandBus
  readonly state: () => HostState
  readonly onReady: () => void
  /** It died, or never came up; `lines` is what it said about why. */
  readonly onEnd: (lines: readonly string[]) => void
  readonly onScrape: (answer: (text: string) => void) => void
  readonly onCollected: (id: number, text: string) => void
  readonly relay: Pick<Hub, 'attach'>
  readonly after: (delay: Millis, run: () => void) => void
  readonly logger: Logger
}

/** One of the serving processes, through all its restarts. */
export type Seat = {
  start(): void
  status(): ProcessStatus
  /** The name of the present run; null while there is none. */
  runId(): string | null
  /** Attempts in a row that did not last. */
  failures(): number
  send(message: ToServing): void
  /** To be called every {@link BEAT}: who is silent for too long is killed and replaced. */
  beat(): void
  /** Lets the process say goodbye, at most for `patience` ms; resolves when it has ended. */
  stop(patience: Millis): Promise<void>
}

/** An empty seat; `start` fills it. A process that dies is replaced, after growing pauses if it keeps dying. */
export function createSeat(parts: SeatParts): Seat {
  const { process, processes, operatorKey, logger } = parts
  let run: Run | null = null
  let restarts = 0
  let failures = 0
  let stopping = false

  function start(): void {
    const spawned = spawn()
    if (spawned === null) return
    const begun: Run = {
      spawned,
      runId: parts.newRunId(),
      lines: [],
      isReady: false,
      beats: 0,
      silent: 0,
      connections: 0,
      seq: 0,
      answered: Promise.resolve(),
      relay: parts.relay.attach((relay) => post(begun, { type: 'relay', relay })),
    }
    run = begun
    spawned.channel.onText((text) => {
      if (run === begun) receive(begun, JSON.parse(text))
    })
    void spawned.exited.then((how) => ended(begun, how))
  }

  /** Null, and another attempt later, when the system has no process to give: the writer here must not die of that. */
  function spawn(): Spawned | null {
    try {
      return parts.spawn(process)
    } catch (error) {
      failures += 1
      logger.error('serving process not started', { process, error: String(error), failures })
      emptied([`a serving process cannot be started: ${String(error)}`])
      return null
    }
  }

  function receive(from: Run, message: ToSupervisor): void {
    from.silent = 0
    switch (message.type) {
      case 'hello': {
        const welcome = { process, processes, runId: from.runId, operatorKey }
        post(from, { type: 'welcome', welcome, state: parts.state() })
        break
      }
      case 'commands': {
        const results = Promise.all(message.commands.map((command) => parts.bus.submit(command)))
        // Batches are answered in the order in which they came, whatever became of each.
        from.answered = Promise.all([results, from.answered]).then(([answers]) =>
          post(from, { type: 'answers', results: answers }),
        )
        break
      }
      case 'ready':
        from.isReady = true
        // What was committed while it started, nobody told it of.
        post(from, { type: 'committed', position: parts.state().position })
        parts.onReady()
        break
      case 'failed':
        from.lines = message.lines
        break
      case 'status':
        from.connections = message.connections
        from.seq = message.seq
        break
      case 'scrape':
        parts.onScrape((text) => post(from, { type: 'metrics', id: message.id, text }))
        break
      case 'collected':
        parts.onCollected(message.id, message.text)
        break
      case 'relay':
        from.relay.receive(message.relay)
        break
      default:
        message satisfies never
    }
  }

  function ended(gone: Run, how: Awaited<Spawned['exited']>): void {
    run = null
    gone.relay.close()
    failures = gone.beats * BEAT >= LASTING ? 1 : failures + 1
    if (!stopping) logger.error('serving process ended', { process, pid: gone.spawned.pid, ...how, failures })
    emptied(gone.lines)
  }

  function emptied(lines: readonly string[]): void {
    if (!stopping) parts.after(DELAYS[Math.min(failures, DELAYS.length) - 1] ?? 0, again)
    parts.onEnd(lines)
  }

  function again(): void {
    if (stopping) return
    restarts += 1
    start()
    if (run !== null) logger.warn('serving process restarted', { process, restarts })
  }

  return {
    start,
    status: () => ({
      process,
      pid: run?.spawned.pid ?? null,
      state: stateOf(run, stopping, restarts),
      restarts,
      connections: run?.connections ?? 0,
      seq: run?.seq ?? 0,
    }),
    runId: () => run?.runId ?? null,
    failures: () => failures,
    send(message) {
      if (run?.isReady) post(run, message)
    },
    beat() {
      if (run === null) return
      run.beats += 1
      run.silent += 1
      if (run.silent * BEAT < SILENCE) return
      run.silent = 0
      logger.error('serving process is silent: killed', { process, pid: run.spawned.pid })
      run.spawned.kill('SIGKILL')
    },
    async stop(patience) {
      stopping = true
      if (run === null) return
      const { spawned, isReady } = run
      if (isReady) post(run, { type: 'stop' })
      else spawned.kill('SIGKILL')
      parts.after(patience, () => spawned.kill('SIGKILL'))
      await spawned.exited
    },
  }
}

/** From its spawn to its end. */
type Run = {
  readonly spawned: Spawned
  readonly runId: string
  lines: readonly string[]
  isReady: boolean
  beats: number
  /** Beats since it was last heard. */
  silent: number
  connections: number
  seq: number
  /** Resolves when every batch of commands so far is answered. */
  answered: Promise<void>
  readonly relay: HubEnd
}

function post(run: Run, message: ToServing): void {
  run.spawned.channel.send(JSON.stringify(message))
}

function stateOf(run: Run | null, stopping: boolean, restarts: number): ProcessStatus['state'] {
  if (stopping) return 'stopping'
  if (run?.isReady) return 'running'
  return restarts === 0 && run !== null ? 'starting' : 'restarting'
}

/** Before each attempt in a row; who lasted for `LASTING` begins anew. */
const DELAYS: readonly Millis[] = [50, 200, 500, 1_000, 2_000, 4_000, 8_000, 15_000]
const LASTING: Millis = 30_000

/** A process that says nothing for this long hangs; many times what a busy one needs. */
const SILENCE: Millis = 20_000
