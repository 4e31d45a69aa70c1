import { type AppError, appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { hasRightLengths, type SignatureCheck } from './verify.ts'
import { packChecks } from './verify-batch.ts'

/** Checks signatures off the serving thread. */
export type Verifier = {
  /**
   * Whether the signature is good; ServiceUnavailable when too many already wait, or when the pool is
   * closed.
   */
  verify(check: SignatureCheck): Promise<Result<boolean>>
  /** Checks that wait or run. */
  depth(): number
  close(): void
}

/** One thread, as far as the pool is concerned; a Worker is one. */
export type VerifyThread = {
  /** Hands a batch over; the answer is one byte per check, or an error when the thread broke. */
  run(batch: ArrayBuffer, answer: (outcome: Uint8Array | Error) => void): void
  stop(): void
}

export type PoolSettings = {
  readonly threads: number
  /** Checks that may wait; one more is refused. */
  readonly waiting: number
  /** Checks handed to a thread at once: what the last of a batch waits for, 40 us each. */
  readonly batch: number
  /** Milliseconds in which checks gather after some have been handed over. */
  readonly gather: number
}

export const POOL_DEFAULTS: PoolSettings = { threads: 2, waiting: 8192, batch: 32, gather: 2 }

/** Calls once, after so many milliseconds. */
export type After = (millis: number, call: () => void) => void

/**
 * A fixed set of threads. To wake one costs the serving thread as much as a verification (about 40 us), so
 * checks travel together: the first one after a pause goes at once, those that follow within `gather` go as
 * one batch, and a few of them go to one thread even when more are idle. While all are busy, checks wait,
 * and whoever finishes takes a batch. Measured against Bun's asynchronous verify in bench/verify.ts.
 */
export function createVerifyPool(
  settings: PoolSettings = POOL_DEFAULTS,
  start = startWorker,
  after: After = afterMillis,
): Verifier {
  const waiting: Job[] = []
  const members: Member[] = Array.from({ length: settings.threads }, () => ({ thread: start(), jobs: [] }))
  let state: 'quiet' | 'gathering' | 'closed' = 'quiet'

  const give = (member: Member, share: number) => {
    member.jobs = waiting.splice(0, Math.min(share, settings.batch))
    if (member.jobs.length === 0) return
    const batch = packChecks(member.jobs.map((job) => job.check))
    member.thread.run(batch, (outcome) => take(member, outcome))
  }
  const take = (member: Member, outcome: Uint8Array | Error) => {
    const { jobs } = member
    member.jobs = []
    if (outcome instanceof Error) {
      // The thread is lost, and which check broke it is not known: these are refused, the rest goes on.
      member.thread.stop()
      member.thread = start()
    }
    // A whole batch waits: the timer would only leave the thread idle.
    if (waiting.length >= settings.batch) give(member, settings.batch)
    jobs.forEach((job, i) => {
      job.answer(outcome instanceof Error ? fail(BROKEN) : ok(outcome[i] === 1))
    })
  }
  const share = () => {
    if (state === 'closed') return
    if (waiting.length === 0) {
      state = 'quiet'
      return
    }
    const idle = members.filter((member) => member.jobs.length === 0)
    const each = Math.max(WORTH_WAKING, Math.ceil(waiting.length / Math.max(1, idle.length)))
    for (const member of idle) give(member, each)
    after(settings.gather, share)
  }

  return {
    verify(check) {
      if (state === 'closed') return Promise.resolve(fail(CLOSED))
      if (!hasRightLengths(check)) return Promise.resolve(ok(false))
      if (waiting.length >= settings.waiting) return Promise.resolve(fail(BUSY))
      return new Promise((answer) => {
        waiting.push({ check, answer })
        if (state === 'gathering') return
        state = 'gathering'
        // What else this turn of the event loop brings goes along.
        after(0, share)
      })
    },
    depth: () => waiting.length + members.reduce((sum, member) => sum + member.jobs.length, 0),
    close() {
      state = 'closed'
      for (const member of members) member.thread.stop()
      const open = [...waiting.splice(0), ...members.flatMap((member) => member.jobs.splice(0))]
      for (const job of open) job.answer(fail(CLOSED))
    },
  }
}

/** Fewer checks than this are not worth waking a second thread for. */
const WORTH_WAKING = 8

/** `setTimeout`, but 0 means the end of this turn and not a millisecond. */
function afterMillis(millis: number, call: () => void): void {
  if (millis === 0) setImmediate(call)
  else setTimeout(call, millis)
}

/** A Worker that runs `entry`, by default this module's own. */
export function startWorker(entry: URL = new URL('./verify-worker.ts', import.meta.url)): VerifyThread {
  const worker = new Worker(entry, { name: 'verify' })
  let answer: ((outcome: Uint8Array | Error) => void) | null = null
  let broken: Error | null = null
  const settle = (outcome: Uint8Array | Error) => {
    const then = answer
    answer = null
    then?.(outcome)
  }
  const fall = (reason: string) => {
    broken = new Error(reason)
    settle(broken)
  }
  worker.addEventListener('message', (event: MessageEvent<Uint8Array>) => settle(event.data))
  worker.addEventListener('messageerror', () => fall('an answer could not be read'))
  worker.addEventListener('error', (event) => fall(event.message))
  worker.addEventListener('close', () => fall('the thread ended'))
  return {
    run(batch, then) {
      answer = then
      // It may have died while it had nothing to do, when there was nobody to tell.
      if (broken === null) worker.postMessage(batch, [batch])
      else setImmediate(settle, broken)
    },
    stop() {
      answer = null
      worker.terminate()
    },
  }
}

type Job = { readonly check: SignatureCheck; readonly answer: (verdict: Result<boolean>) => void }
type Member = { thread: VerifyThread; jobs: Job[] }

const BUSY: AppError = appError('ServiceUnavailable', 'too many logins at once: try again shortly', 500)
const BROKEN: AppError = appError('ServiceUnavailable', 'the signature could not be checked: try again', 500)
const CLOSED: AppError = appError(
  'ServiceUnavailable',
  'the server is shutting down: try again shortly',
  2000,
)
