import type { Clock, Millis } from '../../core/clock.ts'
import type { CommandBus } from '../../core/command.ts'
import { type AppError, appError } from '../../core/errors.ts'
import type { DeviceId, SessionId } from '../../core/ids.ts'
import { isJsonObject } from '../../core/json.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import type { DeviceMessages, MessageOutcome, SessionInfo } from '../../live/ports.ts'
import { readAddress } from './address.ts'
import type { CountryLookup } from './country.ts'
import type { RewardsCommand, SweepCommand, VanishCommand } from './types.ts'
import { readDeviceId } from './validate.ts'

export type DeviceMessageParts = {
  readonly bus: CommandBus
  readonly clock: Clock
  readonly countryOf: CountryLookup
  /** A random name of this process's run: what it leaves behind when it dies is told by it. */
  readonly process: string
  /** Sockets that may be devices at a time. */
  readonly maxDevices: number
  /** Runs something once, `delay` ms from now. */
  readonly after: (delay: Millis, run: () => void) => void
}

/**
 * Turns socket messages into the board's commands. A socket is one device at a time. The messages' `id` is
 * not used as an idempotency key: each of them says how things are now, on this socket, so that saying it
 * twice changes nothing, and an answer remembered from an earlier socket would be wrong.
 */
export function createDeviceMessages(parts: DeviceMessageParts): DeviceMessages {
  const { bus, clock } = parts
  /**
   * What each socket is. Kept from the moment `connect` is on its way, so that a socket which dies meanwhile
   * is not forgotten.
   */
  const devices = new Map<SessionId, Held>()

  const submit = async (command: RewardsCommand): Promise<Result<MessageOutcome>> => {
    const result = await bus.submit(command)
    return result.ok ? ok({ value: result.value, epoch: result.epoch, seq: result.seq }) : fail(result.error)
  }

  /** A socket's end must reach the tables, or its device earns for ever: tried until it is taken. */
  const vanish = async (command: VanishCommand, delay: Millis): Promise<void> => {
    const taken = await bus.submit(command).then(
      (result) => result.ok,
      () => false,
    )
    if (!taken) parts.after(delay, () => void vanish(command, Math.min(delay * 2, LONGEST_WAIT)))
  }

  /** Unless the socket has said `connect` again meanwhile: then it is a device all the same. */
  const release = (session: SessionId, held: Held): void => {
    if (devices.get(session) === held) devices.delete(session)
  }

  const connect = async (
    wanted: { readonly device_id: string; readonly name?: string | undefined },
    session: SessionInfo,
  ): Promise<Result<MessageOutcome>> => {
    const { principal } = session
    if (principal.type !== 'user') return fail(LOG_IN)
    const id = readDeviceId(wanted.device_id)
    if (!id.ok) return id
    const address = readAddress(session.address)
    if (address === null)
      return fail(appError('ConnectionError', 'The address of this connection is not known.'))
    const before = devices.get(session.id)
    if (before !== undefined && before.deviceId !== id.value) {
      return fail(
        appError(
          'ConnectionError',
          `This connection already is the device ${before.deviceId}; disconnect it first.`,
        ),
      )
    }
    if (before === undefined && devices.size >= parts.maxDevices) return fail(FULL)
    const held: Held = { deviceId: id.value }
    devices.set(session.id, held)
    const outcome = await submit({
      kind: 'rewards.connect',
      actor: { type: 'user', userId: principal.userId },
      at: clock.now(),
      payload: {
        deviceId: id.value,
        name: wanted.name ?? null,
        socket: { session: session.id, process: parts.process },
        address: address.address,
        country: parts.countryOf(address.address),
      },
    })
    // After a failed commit it may be connected all the same; then the socket's end must still be told.
    if (!outcome.ok && before === undefined && isRefusal(outcome.error)) release(session.id, held)
    return outcome
  }

  return {
    async handle(message, session) {
      if (message.type === 'connect') return connect(message, session)
      if (session.principal.type !== 'user') return fail(LOG_IN)
      const held = devices.get(session.id)
      if (held === undefined) return fail(CONNECT_FIRST)
      const { deviceId } = held
      const base = { actor: { type: 'user', userId: session.principal.userId }, at: clock.now() } as const
      switch (message.type) {
        case 'network_update': {
          const { networks } = message
          return submit({
            ...base,
            kind: 'rewards.network_update',
            payload: { deviceId, session: session.id, networks },
          })
        }
        case 'disconnect': {
          const outcome = await submit({
            ...base,
            kind: 'rewards.disconnect',
            payload: { deviceId, session: session.id },
          })
          if (outcome.ok || outcome.error.code === 'ConnectionClosed') release(session.id, held)
          return outcome
        }
        default:
          return message satisfies never
      }
    },
    closed(session) {
      const held = devices.get(session.id)
      if (held === undefined) return
      devices.delete(session.id)
      const payload = { deviceId: held.deviceId, session: session.id }
      void vanish({ kind: 'rewards.vanish', actor: { type: 'system' }, at: clock.now(), payload }, FIRST_WAIT)
    },
  }
}

/**
 * The command that a starting server submits before it lets anyone in: devices that the tables still show
 * online and whose process is not among `alive` go offline.
 */
export function sweepCommand(alive: readonly string[], at: Millis): SweepCommand {
  return { kind: 'rewards.sweep', actor: { type: 'system' }, at, payload: { alive } }
}

/**
 * Brings the ledger up to the last full hour, in small commits; to be called every few minutes. Stops early
 * when the writer refuses: the next call goes on.
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

/** What one `connect` made of a socket; a later one, even for the same device, is another. */
type Held = { readonly deviceId: DeviceId }

const FIRST_WAIT = 1_000
const LONGEST_WAIT = 60_000

const LOG_IN = appError('Unauthorized', 'Log in before connecting a device.')
const CONNECT_FIRST = appError('ConnectionClosed', 'This connection is no device: send connect first.')
const FULL = appError('ServiceUnavailable', 'This server has as many devices as it can hold.', 30_000)

/** Whether the error says that nothing was stored for certain. */
function isRefusal(error: AppError): boolean {
  return error.code !== 'DatabaseError' && error.code !== 'ServiceUnavailable'
}
