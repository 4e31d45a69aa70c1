import type { Millis } from '../../core/clock.ts'
import type { StoragePosition } from '../../core/command.ts'
import type { Logger } from '../../core/logger.ts'
import type { LitefsApi, LitefsEvent, LitefsRole } from './api.ts'
import type { LitefsProcess } from './child.ts'

/** This node's LiteFS. `down`: the mount must not be touched, and every open database is to be closed. */
export type LitefsState = { readonly type: 'down' } | ({ readonly type: 'up' } & LitefsRole)

export type LitefsSupervisorDeps = {
  readonly api: LitefsApi
  /** Starts LiteFS. Throws when that is not possible at all. */
  readonly start: () => LitefsProcess
  /** Returns a LiteFS that runs already, from an earlier life of the server. */
  readonly find: () => LitefsProcess | null
  readonly isMounted: () => boolean
  readonly unmount: () => Promise<void>
  /**
   * LiteFS cannot be started, or has ended again and again without coming up once. A line for people each.
   */
  readonly onFailed: (lines: readonly string[]) => void
  /** Called with every change. */
  readonly onState: (state: LitefsState) => void
  /** Called with the commits that this node's copy has; some may be left out, the newest one never. */
  readonly onPosition: (position: StoragePosition) => void
  /** Resolves when no process has the database open any more, or when that takes too long. */
  readonly released: () => Promise<void>
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** Keeps LiteFS running. */
export type LitefsSupervisor = {
  state(): LitefsState
  restarts(): number
  /** Ends LiteFS and starts it again, as when its primary is dead but silent. */
  restart(reason: string): void
  /** Ends LiteFS cleanly, which gives its lease back at once. The database must be closed by then. */
  stop(): Promise<void>
}

/** How often LiteFS is asked for its role and position. */
const POLL_INTERVAL: Millis = 500
/** Before the stream of events is opened again. */
const EVENTS_RETRY_INTERVAL: Millis = 100
/**
 * A LiteFS that does not answer for so long hangs, or was stopped. It is killed well before its lease can
 * have moved to another node, since it might wake up after that.
 */
const ANSWER_TIMEOUT: Millis = 4_000
/** For its first answer: it checks its files before. */
const START_TIMEOUT: Millis = 60_000
/** For a clean end. */
const END_TIMEOUT: Millis = 3_000
/** Before each start in a row; a LiteFS that lasted for `LASTING` begins anew. */
const DELAYS: readonly Millis[] = [20, 200, 500, 1_000, 2_000, 4_000, 8_000]
const LASTING: Millis = 30_000
/**
 * Starts without one success: about half a minute. A wrong configuration stays wrong, but Consul, for
 * example, may still be starting.
 */
const MAX_FIRST_STARTS = 8

const UNMOUNTED = 'its mount is gone'
const NO_ANSWER = 'it does not answer'

/**
 * Starts LiteFS, or takes over the one that runs, and keeps it running: one that ends, hangs or has lost its
 * mount is replaced. Its role is what it says itself, by its events and when it is asked; never what lies in
 * its mount.
 */
export function superviseLitefs(deps: LitefsSupervisorDeps): LitefsSupervisor {
  const { logger, now, wait } = deps
  let state: LitefsState = { type: 'down' }
  let restarts = 0
  let wasUp = false
  const stop = Promise.withResolvers<void>()
  let stopping = false
  let lastLines: readonly string[] = []
  /** Resolves to end the present LiteFS. A new one each time, so that an order never meets its successor. */
  let order = Promise.withResolvers<string>()

  const setState = (next: LitefsState): void => {
    if (same(state, next)) return
    if (state.type === 'down') logger.info('LiteFS is up', { restarts })
    state = next
    deps.onState(next)
  }
  const onRole = ({ isPrimary, primary }: LitefsRole): void => {
    wasUp = true
    // LiteFS names a primary to itself in one of its answers, and not in the other.
    setState({ type: 'up', isPrimary, primary: isPrimary ? null : primary })
  }

  /** Accompanies one LiteFS from its start to its end. Returns how long it lasted. */
  async function accompany(litefs: LitefsProcess): Promise<Millis> {
    const begun = now()
    const life = new AbortController()
    let isIntended = false
    const ended = litefs.exited.then(({ how, lines }) => {
      if (!isIntended) logger.error('LiteFS ended', { how, said: lines.join(' | ') })
      lastLines = lines
    })
    const watched = watchLitefs(deps, life.signal, onRole)
    const why = await Promise.race([watched, order.promise, ended.then(() => null)])
    if (why !== null) {
      // A LiteFS that dies may lose its mount first.
      isIntended = why !== UNMOUNTED
      if (!stopping) logger.warn('LiteFS is restarted', { reason: why })
      // With a LiteFS that hangs, closing the database would hang too: it has to be dead before.
      if (why === NO_ANSWER) litefs.kill('SIGKILL')
    }
    life.abort()
    setState({ type: 'down' })
    await deps.released()
    litefs.kill('SIGTERM')
    await Promise.race([ended, wait(END_TIMEOUT)])
    litefs.kill('SIGKILL')
    await ended
    return now() - begun
  }

  async function run(): Promise<void> {
    let failures = 0
    let next = deps.find()
    if (next !== null) logger.info('LiteFS runs already', { pid: next.pid })
    while (!stopping) {
      if (next === null) {
        await deps.unmount()
        if (stopping) return
        next = deps.start()
      }
      order = Promise.withResolvers()
      const lasted = await accompany(next)
      next = null
      if (stopping) return
      failures = lasted > LASTING ? 0 : failures + 1
      if (!wasUp && failures >= MAX_FIRST_STARTS)
        return deps.onFailed(['LiteFS does not come up:', ...lastLines])
      restarts += 1
      await Promise.race([wait(DELAYS[Math.min(failures, DELAYS.length - 1)] ?? 0), stop.promise])
    }
  }
  const over = run()
  over.catch((error: unknown) => deps.onFailed([`LiteFS cannot be started: ${String(error)}`]))

  return {
    state: () => state,
    restarts: () => restarts,
    restart: (reason) => order.resolve(reason),
    async stop() {
      stopping = true
      stop.resolve()
      order.resolve('the server stops')
      await over.catch(() => {})
      await deps.unmount()
    },
  }
}

type WatchDeps = Pick<LitefsSupervisorDeps, 'api' | 'onPosition' | 'isMounted' | 'now' | 'wait' | 'logger'>

/** Asks one LiteFS again and again, and follows its events. Returns why it has to be replaced. */
async function watchLitefs(
  deps: WatchDeps,
  life: AbortSignal,
  onRole: (role: LitefsRole) => void,
): Promise<string> {
  const { api, now } = deps
  const begun = now()
  let answeredAt = -Infinity
  /** How many events told a role. */
  let roleEvents = 0
  const onEventRole = (role: LitefsRole) => {
    roleEvents += 1
    onRole(role)
  }
  while (!life.aborted) {
    const before = roleEvents
    try {
      const [role, position] = await Promise.all([api.role(), api.position()])
      if (life.aborted) break
      if (answeredAt === -Infinity) void followEvents(deps, life, onEventRole)
      answeredAt = now()
      // An event that came meanwhile is newer than this answer.
      if (roleEvents === before) onRole(role)
      // In case the events are late, or lost.
      if (position !== null) deps.onPosition(position)
      if (!deps.isMounted()) return UNMOUNTED
    } catch {
      const timeout = answeredAt === -Infinity ? START_TIMEOUT : ANSWER_TIMEOUT
      if (now() - Math.max(begun, answeredAt) > timeout) return NO_ANSWER
    }
    await deps.wait(POLL_INTERVAL)
  }
  return 'it ended'
}

/** Follows the events of one LiteFS as long as it lives. */
async function followEvents(
  { api, onPosition, wait, logger }: WatchDeps,
  life: AbortSignal,
  onRole: (role: LitefsRole) => void,
): Promise<void> {
  const onEvent = (event: LitefsEvent): void => {
    if (life.aborted) return
    if (event.type === 'commit') onPosition(event.position)
    else onRole(event)
  }
  // No event tells of what was committed before the stream began.
  const readPosition = async () => {
    const position = await api.position()
    if (position !== null && !life.aborted) onPosition(position)
  }
  while (!life.aborted) {
    const attempt = new AbortController()
    try {
      await Promise.all([api.follow(onEvent, AbortSignal.any([life, attempt.signal])), readPosition()])
    } catch (error) {
      if (!life.aborted) logger.debug('events of LiteFS ended', { error: String(error) })
    }
    // One stream at a time: this one may still be open when only the read failed.
    attempt.abort()
    await wait(EVENTS_RETRY_INTERVAL)
  }
}

function same(a: LitefsState, b: LitefsState): boolean {
  if (a.type === 'down' || b.type === 'down') return a.type === b.type
  return a.isPrimary === b.isPrimary && a.primary === b.primary
}
