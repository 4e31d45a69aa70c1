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
  /** Resolves when every command is committed and answered, and the database is closed. */
  close(): Promise<void>
  /** Ends at once: its storage is gone, or hangs. */
  abandon(): void
}

export type LeadingDeps = {
  readonly fence: LeaseFence
  readonly openWriter: () => Promise<Result<NodeWriter, readonly string[]>>
  /** Returns a bus that gives the writer's answers only once they may be acknowledged. */
  readonly acknowledge: (bus: CommandBus) => CommandBus
  readonly router: CommandRouter
  /** This node takes commands from now on, those of other nodes too. */
  readonly onWriting: () => void
  /** This node cannot lead, although its LiteFS says that it does. */
  readonly onUnable: (reason: string) => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** The work of a node that leads. */
export type Leading = {
  /** LiteFS says that this node leads. */
  begin(): void
  /** LiteFS says that it leads no longer. `gone`: its storage is gone, too. */
  end(gone: boolean): void
  /** Returns true if there is a writer that takes commands. */
  isWriting(): boolean
  /** New commands wait from now on. */
  hold(): void
  /**
   * To be called after {@link Leading.hold}. Resolves when every earlier command is committed and answered,
   * the database is closed, and the next primary need not wait for this node.
   */
  drain(): Promise<void>
}

/** Between two attempts to prove the lease, or to open the writer. */
const RETRY_INTERVAL: Millis = 200
/**
 * LiteFS has the lease before it says that it leads, so a few attempts are enough to find it proven. To wait
 * for another node's proof to be over is part of one attempt.
 */
const MAX_ATTEMPTS = 15

export function createLeading(deps: LeadingDeps): Leading {
  const { fence, router, logger } = deps
  let writer: NodeWriter | null = null
  /** Changes whenever this node begins to lead, or ceases to. */
  let term = 0
  /** Resolves when no writer of an earlier term is being opened any more. */
  let opening: Promise<void> = Promise.resolve()
  let isGone = false

  async function prove(mine: number): Promise<boolean> {
    const logged = createLogDeduplication()
    for (let attempt = 0; attempt < MAX_ATTEMPTS && mine === term; attempt++) {
      const isOurs = await fence.begin().catch((error: unknown) => {
        if (logged.isNew(String(error))) logger.warn('lease not proven', { error: String(error) })
        return false
      })
      if (isOurs) return mine === term
      await deps.wait(RETRY_INTERVAL)
    }
    if (mine === term) deps.onUnable('LiteFS leads without the lease')
    return false
  }

  async function open(mine: number): Promise<void> {
    const opened = await deps.openWriter()
    if (!opened.ok) {
      logger.error('writer did not start', { reason: opened.error.join(' ') })
    } else if (mine === term) {
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
    term += 1
    isGone = false
    const mine = term
    router.setTarget({ type: 'none' })
    if (!(await prove(mine))) return
    for (let attempt = 1; mine === term && writer === null; attempt++) {
      opening = open(mine)
      await opening
      if (mine !== term || writer !== null) return
      // For example, the database of a newer version: only a node of that version may write to it.
      if (attempt === MAX_ATTEMPTS) {
        deps.onUnable('its writer does not start')
        return
      }
      await deps.wait(RETRY_INTERVAL)
    }
  }

  return {
    begin: () => void begin(),
    end(gone) {
      term += 1
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
      term += 1
      router.setTarget({ type: 'none' })
    },
    async drain() {
      const last = writer
      writer = null
      // LiteFS dies of a promotion during a transaction, and a writer begins with one.
      await opening
      await last?.close()
      // Not before: the last answers were acknowledged by this proof.
      await fence.end()
    },
  }
}
