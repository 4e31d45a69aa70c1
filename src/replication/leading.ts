import type { Millis } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import { createLogDeduplication } from '../core/log-deduplication.ts'
import type { Logger } from '../core/logger.ts'
import type { Result } from '../core/result.ts'
import type { CommandRouter } from '../forwarding/command-router.ts'
import type { LeaseFence } from './lease/lease-fence.ts'

/** The writer of a node that leads. */
export type NodeWriter = {
  readonly bus: CommandBus
  /** Resolves when everything is committed and answered, and the database closed. */
  close(): Promise<void>
  /** Ends at once: its storage is gone, or hangs. */
  abandon(): void
}

export type LeadingDeps = {
  readonly fence: LeaseFence
  readonly openWriter: () => Promise<Result<NodeWriter, readonly string[]>>
  /** What has to hold before a change is acknowledged. */
  readonly acknowledge: (bus: CommandBus) => CommandBus
  readonly router: CommandRouter
  /** This node takes commands from now on, those of other nodes too. */
  readonly onWriting: () => void
  /** It cannot lead, whatever its LiteFS says. */
  readonly onUnable: (reason: string) => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** What a node does because it leads. */
export type Leading = {
  /** LiteFS says that this node leads. */
  begin(): void
  /** It does not any more; `gone`: its storage neither. */
  end(gone: boolean): void
  /** Whether there is a writer that takes commands. */
  isWriting(): boolean
  /** New commands wait from now on. */
  hold(): void
  /**
   * After {@link Leading.hold}: everything before is committed and answered, the database closed, and whoever
   * leads next need not wait.
   */
  drain(): Promise<void>
}

const RETRY: Millis = 200
/**
 * LiteFS has its lease before it says so: more attempts than it takes to ask again. That another's proof is
 * waited for is part of one.
 */
const ATTEMPTS = 15

export function createLeading(deps: LeadingDeps): Leading {
  const { fence, router, logger } = deps
  let writer: NodeWriter | null = null
  let turn = 0
  /** Resolves when no writer is being opened that nobody wants any more. */
  let opening: Promise<void> = Promise.resolve()
  let isGone = false

  async function prove(mine: number): Promise<boolean> {
    const logged = createLogDeduplication()
    for (let attempt = 0; attempt < ATTEMPTS && mine === turn; attempt++) {
      const isOurs = await fence.begin().catch((error: unknown) => {
        if (logged.isNew(String(error))) logger.warn('lease not proven', { error: String(error) })
        return false
      })
      if (isOurs) return mine === turn
      await deps.wait(RETRY)
    }
    if (mine === turn) deps.onUnable('LiteFS leads without the lease')
    return false
  }

  async function open(mine: number): Promise<void> {
    const opened = await deps.openWriter()
    if (!opened.ok) {
      logger.error('writer did not start', { reason: opened.error.join(' ') })
    } else if (mine === turn) {
      writer = opened.value
      router.setTarget({ type: 'writer', bus: deps.acknowledge(writer.bus) })
      deps.onWriting()
    } else if (isGone) {
      opened.value.abandon()
    } else {
      await opened.value.close()
    }
  }

  async function begin(): Promise<void> {
    turn += 1
    isGone = false
    const mine = turn
    router.setTarget({ type: 'none' })
    if (!(await prove(mine))) return
    for (let attempt = 1; mine === turn && writer === null; attempt++) {
      opening = open(mine)
      await opening
      if (mine !== turn || writer !== null) return
      // A newer version's database, for one, is for a newer version's node to write to.
      if (attempt === ATTEMPTS) {
        deps.onUnable('its writer does not start')
        return
      }
      await deps.wait(RETRY)
    }
  }

  return {
    begin: () => void begin(),
    end(gone) {
      turn += 1
      isGone = gone
      void fence.end()
      if (router.target() === 'writer') router.setTarget({ type: 'none' })
      const last = writer
      writer = null
      if (gone) last?.abandon()
      else void last?.close()
    },
    isWriting: () => writer !== null && router.target() === 'writer',
    hold() {
      turn += 1
      router.setTarget({ type: 'none' })
    },
    async drain() {
      const last = writer
      writer = null
      // LiteFS dies of a promotion during a transaction, and a writer begins with one.
      await opening
      await last?.close()
      // Not before: it was this proof that the last answers went by.
      await fence.end()
    },
  }
}
