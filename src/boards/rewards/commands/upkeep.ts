import type { Clock, Millis } from '../../../core/clock.ts'
import type { CommandBus } from '../../../core/command.ts'
import type { SessionId } from '../../../core/ids.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { AliveCommand, ReconcileCommand, RewardsCommand, SweepCommand } from '../domain/types.ts'

/** How often a process with devices notes that it lives, ms: what a crash costs them at most. */
export const ALIVE_INTERVAL = 5_000

/** How often earnings of silent devices are brought into the ledger, ms. */
export const SETTLE_INTERVAL = 5 * 60_000

/**
 * The command that a starting server submits before it lets anyone in: devices that the tables still show
 * online and whose process is not among `alive` go offline. Not `repeatable`: a list of the living ages, and
 * sent again it would put those offline whose process has come since.
 */
export function sweepCommand(alive: readonly string[], at: Millis): SweepCommand {
  return { kind: 'rewards.sweep', actor: { type: 'system' }, at, payload: { alive } }
}

/** What a process submits every {@link ALIVE_INTERVAL} while devices hang on it. */
export function aliveCommand(process: string, at: Millis): AliveCommand {
  return { kind: 'rewards.alive', actor: { type: 'system' }, at, repeatable: true, payload: { process } }
}

/**
 * What a process submits when changes were lost that it had seen. Not to be decided late: devices come and
 * go.
 */
export function reconcileCommand(
  process: string,
  sessions: readonly SessionId[],
  at: Millis,
): ReconcileCommand {
  return {
    kind: 'rewards.reconcile',
    actor: { type: 'system' },
    at,
    payload: { process, sessions },
  }
}

/**
 * Brings the ledger up to the last full hour, in small commits; to be called every few minutes. Stops early
 * when the writer refuses: the next call goes on. (A command that is decided again takes the next devices,
 * so it is not `repeatable`; nor need it be.)
 */
export async function settleLedger(bus: CommandBus, clock: Clock): Promise<void> {
  const payload = { limit: SETTLED_AT_ONCE }
  for (;;) {
    const command: RewardsCommand = {
      kind: 'rewards.settle',
      actor: { type: 'system' },
      at: clock.now(),
      payload,
    }
    const result = await bus.submit(command)
    if (!result.ok || !isJsonObject(result.value) || result.value.more !== true) return
  }
}

const SETTLED_AT_ONCE = 200
