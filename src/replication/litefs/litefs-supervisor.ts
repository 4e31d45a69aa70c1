import type { Millis } from '../../core/clock.ts'
import type { StoragePosition } from '../../core/command.ts'
import type { Logger } from '../../core/logger.ts'
import type { LitefsApi, LitefsEvent, LitefsRole } from './api.ts'
import type { LitefsProcess } from './child.ts'

/**
 * LiteFS as this node has it. `down`: the mount must not be touched, and whoever has the database open closes
 * it.
 */
export type LitefsState = { readonly type: 'down' } | ({ readonly type: 'up' } & LitefsRole)

export type LitefsSupervisorDeps = {
  readonly api: LitefsApi
  /** Starts LiteFS. Throws when that is not possible at all. */
  readonly start: () => LitefsProcess
  /** One that runs already, from an earlier run of the server. */
  readonly find: () => LitefsProcess | null
  readonly isMounted: () => boolean
  readonly unmount: () => Promise<void>
  /**
   * LiteFS cannot be started, or ended again and again without having come up once; a line for people each.
   */
  readonly onFailed: (lines: readonly string[]) => void
  /** Called with every change. */
  readonly onState: (state: LitefsState) => void
  /** Called with every commit that this node's copy has taken; some may be missed, a later one never. */
  readonly onPosition: (position: StoragePosition) => void
  /** Resolves when nobody has the database open any more, or when that takes too long. */
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

/** How often LiteFS is asked how it is. */
const LOOK: Millis = 500
/**
 * A LiteFS that does not answer for so long hangs, or was stopped: it is killed, well before its lease can
 * have moved and it wake up.
 */
const SILENCE: Millis = 4_000
/** It answers only after it has its files in order. */
const START_PATIENCE: Millis = 60_000
const UNMOUNTED = 'its mount is gone'
/** For a clean end. */
const END_PATIENCE: Millis = 3_000
const DELAYS: readonly Millis[] = [20, 200, 500, 1_000, 2_000, 4_000, 8_000]
const LASTING: Millis = 30_000
/**
 * A wrong configuration does not mend itself; what it needs of others, Consul for one, may come up within
 * half a minute.
 */
const FIRST_ATTEMPTS = 8

/**
 * Starts LiteFS, or takes the one that runs, and keeps it: one that ends, says nothing or has lost its mount
 * is replaced. Its role is what it says itself, by its events and whenever it is asked; never what lies in
 * its mount.
 */
export function superviseLitefs(deps: LitefsSupervisorDeps): LitefsSupervisor {
  const { api, logger, now, wait } = deps
  let state: LitefsState = { type: 'down' }
  let restarts = 0
  let wasUp = false
  /** Roles that events told of. */
  let told = 0
  const stop = Promise.withResolvers<void>()
  let stopping = false
  let lastWords: readonly string[] = []
  /** Ends the present LiteFS; a new one each time, so that an order never meets its successor. */
  let order = Promise.withResolvers<string>()

  const set = (next: LitefsState): void => {
    if (same(state, next)) return
    if (state.type === 'down') logger.info('LiteFS is up', { restarts })
    state = next
    deps.onState(next)
  }
  const heard = (role: LitefsRole): void => {
    wasUp = true
    // Of a primary LiteFS gives the name in one place, and none in another.
    set({ type: 'up', isPrimary: role.isPrimary, primary: role.isPrimary ? null : role.primary })
  }

  /** Follows the events as long as this LiteFS lives. */
  async function follow(life: AbortController): Promise<void> {
    const hear = (event: LitefsEvent): void => {
      if (life.signal.aborted) return
      if (event.type === 'commit') {
        deps.onPosition(event.position)
        return
      }
      told += 1
      heard(event)
    }
    // What was committed before the stream began, no event tells of.
    const look = async () => {
      const position = await api.position()
      if (position !== null && !life.signal.aborted) deps.onPosition(position)
    }
    while (!life.signal.aborted) {
      const attempt = new AbortController()
      try {
        await Promise.all([api.follow(hear, AbortSignal.any([life.signal, attempt.signal])), look()])
      } catch (error) {
        if (!life.signal.aborted) logger.debug('events of LiteFS ended', { error: String(error) })
      }
      // One stream at a time: this one may go on when only the look failed.
      attempt.abort()
      await wait(LOOK / 5)
    }
  }

  /** Asks again and again; answers why this LiteFS has to be replaced. */
  async function watch(life: AbortController): Promise<string> {
    const begun = now()
    let answered = -Infinity
    while (!life.signal.aborted) {
      const before = told
      try {
        const [role, position] = await Promise.all([api.role(), api.position()])
        if (life.signal.aborted) break
        if (answered === -Infinity) void follow(life)
        answered = now()
        // What an event told meanwhile is newer than this answer.
        if (told === before) heard(role)
        // In case the events are late, or lost.
        if (position !== null) deps.onPosition(position)
        if (!deps.isMounted()) return UNMOUNTED
      } catch {
        const patience = answered === -Infinity ? START_PATIENCE : SILENCE
        if (now() - Math.max(begun, answered) > patience) return 'it does not answer'
      }
      await wait(LOOK)
    }
    return 'it ended'
  }

  /** One LiteFS from its start to its end; answers how long it lasted. */
  async function live(litefs: LitefsProcess): Promise<Millis> {
    const begun = now()
    const life = new AbortController()
    let isMeant = false
    const ended = litefs.exited.then(({ how, lines }) => {
      if (!isMeant) logger.error('LiteFS ended', { how, said: lines.join(' | ') })
      lastWords = lines
    })
    const why = await Promise.race([watch(life), order.promise, ended.then(() => null)])
    if (why !== null) {
      // One that dies may lose its mount first.
      isMeant = why !== UNMOUNTED
      if (!stopping) logger.warn('LiteFS is restarted', { reason: why })
      // One that hangs would hang whoever closes the database, too: that has to wait until it is dead.
      if (why === 'it does not answer') litefs.kill('SIGKILL')
    }
    life.abort()
    set({ type: 'down' })
    await deps.released()
    litefs.kill('SIGTERM')
    await Promise.race([ended, wait(END_PATIENCE)])
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
      const lasted = await live(next)
      next = null
      if (stopping) return
      failures = lasted > LASTING ? 0 : failures + 1
      if (!wasUp && failures >= FIRST_ATTEMPTS)
        return deps.onFailed(['LiteFS does not come up:', ...lastWords])
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

function same(a: LitefsState, b: LitefsState): boolean {
  if (a.type === 'down' || b.type === 'down') return a.type === b.type
  return a.isPrimary === b.isPrimary && a.primary === b.primary
}
