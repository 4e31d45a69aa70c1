import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import { type AppError, appError } from '../core/errors.ts'

export type CommandQueueOptions = {
  /**
   * Hands one batch to the writer, each command as JSON; its answers come back through `answer`, batch by
   * batch, in order.
   */
  readonly post: (commands: readonly string[]) => void
  /** Runs `flush` once what the current turn of the event loop has to submit is here. */
  readonly defer: (flush: () => void) => void
  /** Commands that may wait for the writer; beyond, they are refused at once. */
  readonly limit: number
  /** UTF-16 units that all of them together may have, as text; beyond, the same. */
  readonly limitUnits: number
  /** Commands a transaction. */
  readonly batch: number
  /** Batches under way at the same time: two keep the writer busy while the answers of one travel. */
  readonly window: number
  /**
   * Where every commit is dear: at least so much time from one to the next, so that those of a busy second
   * are few and large.
   */
  readonly pace?: Pace | undefined
}

/** `gap` in ms, of the same clock as `now`. */
export type Pace = {
  readonly gap: Millis
  readonly now: () => Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

/**
 * 128 a transaction: at full load half the waiting of 512 and nine tenths of its throughput
 * (docs/decisions/0002).
 */
export const QUEUE_DEFAULTS = { limit: 65_536, limitUnits: 64 * 1024 * 1024, batch: 128, window: 2 } as const

/**
 * Over LiteFS, where commits and each page of them are dear: a full one of a thousand took a fifth of a
 * second, larger ones were hardly faster for what they held up, and two under way no faster than one
 * (docs/decisions/0017).
 */
export const MOUNTED_QUEUE = { batch: 1_024, window: 1 } as const

/**
 * The serving thread's end of the writer. While the writer commits, what arrives gathers here and becomes the
 * next transaction: batches grow with the load and are single commands without it.
 */
export type CommandQueue = CommandBus & {
  /** The answers to the oldest batch under way. */
  answer(results: readonly CommandResult[]): void
  /** The writer is gone: every unanswered command, and every later one, gets this error. */
  fail(error: AppError): void
  /** The same, with a result that whoever submitted them knows by its identity. */
  lose(result: CommandResult): void
  /** Refuses what comes from now on; resolves when everything before is answered. */
  drain(): Promise<void>
  /** Commands submitted and not answered. */
  size(): number
}

type Waiting = { readonly text: string; readonly resolve: (result: CommandResult) => void }

/** An empty queue. */
export function createCommandQueue(options: CommandQueueOptions): CommandQueue {
  let waiting: Waiting[] = []
  let waitingUnits = 0
  let underWay: (readonly Waiting[])[] = []
  let scheduled = false
  let posted = -Infinity
  let closed: CommandResult | null = null
  let drained: (() => void)[] = []

  const size = () => underWay.reduce((sum, batch) => sum + batch.length, waiting.length)

  /** Whether a batch has to wait for its time; then it comes by itself. */
  function isTooSoon(pace: Pace): boolean {
    const left = posted + pace.gap - pace.now()
    if (left <= 0) {
      posted = pace.now()
      return false
    }
    scheduled = true
    pace.after(left, flush)
    return true
  }

  function flush(): void {
    scheduled = false
    while (waiting.length > 0 && underWay.length < options.window) {
      if (options.pace !== undefined && isTooSoon(options.pace)) return
      const batch = waiting.splice(0, options.batch)
      waitingUnits -= batch.reduce((sum, { text }) => sum + text.length, 0)
      underWay.push(batch)
      options.post(batch.map((entry) => entry.text))
    }
  }

  function settle(): void {
    if (waiting.length > 0 || underWay.length > 0) return
    for (const done of drained) done()
    drained = []
  }

  function lose(result: CommandResult): void {
    closed = result
    const unanswered = [...underWay.flat(), ...waiting]
    underWay = []
    waiting = []
    waitingUnits = 0
    for (const { resolve } of unanswered) resolve(result)
    settle()
  }

  return {
    size,
    submit(command) {
      if (closed !== null) return Promise.resolve(closed)
      if (waiting.length >= options.limit || waitingUnits >= options.limitUnits)
        return Promise.resolve({ ok: false, error: FULL })
      // Printed here, so that a command which JSON cannot carry rejects its own promise and harms no other.
      return new Promise((resolve) => {
        const text = JSON.stringify(command)
        waiting.push({ text, resolve })
        waitingUnits += text.length
        if (scheduled || underWay.length >= options.window) return
        scheduled = true
        options.defer(flush)
      })
    },
    answer(results) {
      const batch = underWay.shift() ?? []
      if (!scheduled) flush()
      for (const [index, { resolve }] of batch.entries())
        resolve(results[index] ?? { ok: false, error: MISSING })
      settle()
    },
    fail: (error) => lose({ ok: false, error }),
    lose,
    drain() {
      closed ??= { ok: false, error: STOPPING }
      return new Promise((resolve) => {
        drained.push(resolve)
        settle()
      })
    },
  }
}

const FULL = appError(
  'ServiceUnavailable',
  'More changes are waiting than can be stored: try again shortly.',
  1_000,
)
const STOPPING = appError(
  'ServiceUnavailable',
  'The server is stopping: try again in a moment, with the same id.',
  1_000,
)
const MISSING = appError('InternalError', 'The writer gave no answer to this change.')
