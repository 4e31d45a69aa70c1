import type { Clock, Millis } from '../../../core/clock.ts'
import type { Command, CommandBus } from '../../../core/command.ts'
import { type AppError, appError, type ErrorCode } from '../../../core/errors.ts'
import type { DeviceId, SessionId, UserId } from '../../../core/ids.ts'
import { createKeyedQueue } from '../../../core/keyed-queue.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import type { BoardMessages, MessageOutcome, SessionInfo } from '../../../live/ports.ts'
import { readAddress } from '../domain/address.ts'
import type { CountryLookup } from '../domain/country.ts'
import { reportMark } from '../domain/report-mark.ts'
import type { RewardsCommand, VanishCommand } from '../domain/types.ts'
import { readDeviceId } from '../domain/validate.ts'
import type { ConnectMessage } from '../messages/connect.ts'
import { isRewardsMessage, type RewardsMessage } from '../messages/index.ts'
import { aliveCommand, reconcileCommand } from './upkeep.ts'

export type DeviceMessageDeps = {
  readonly bus: CommandBus
  readonly clock: Clock
  readonly countryOf: CountryLookup
  /**
   * The id of this instance of the process: it marks the devices that the process leaves behind if it dies.
   */
  readonly process: string
  /** Sockets that may be devices at a time. */
  readonly maxDevices: number
  /** Runs something once, `delay` ms from now. */
  readonly after: (delay: Millis, run: () => void) => void
}

export type DeviceMessages = BoardMessages & {
  /** Notes that this process lives, if any socket is a device; rejects only for a defect. */
  stillAlive(): Promise<void>
  /** The database lost its newest changes: sockets that have left since then are taken off it again. */
  reconcile(): void
}

/**
 * Turns socket messages into the board's commands. A socket is one device at a time. What one socket sends
 * is taken in the order in which it came, each message after the one before has been answered, so that a
 * client may send without waiting; the socket's end comes last. How many may wait is bounded by whoever
 * hands them in (`unanswered`, src/live/limits.ts).
 */
export function createDeviceMessages(deps: DeviceMessageDeps): DeviceMessages {
  const { bus, clock } = deps
  const queue = createKeyedQueue<SessionId>()
  /** What each socket is; also while its `connect` is on its way, since it counts by then. */
  const devices = new Map<SessionId, Held>()

  const submit = async (command: RewardsCommand): Promise<Result<MessageOutcome>> => {
    const result = await bus.submit(command)
    return result.ok ? ok({ value: result.value, epoch: result.epoch, seq: result.seq }) : fail(result.error)
  }

  /** As with a socket's end; what is held is looked at anew each time. */
  const reconcile = async (delay: Millis): Promise<void> => {
    const taken = await bus.submit(reconcileCommand(deps.process, [...devices.keys()], clock.now())).then(
      (result) => result.ok,
      () => false,
    )
    if (!taken) deps.after(delay, () => void reconcile(Math.min(delay * 2, LONGEST_WAIT)))
  }

  /** A socket's end must reach the tables, or its device earns for ever: tried until it is taken. */
  const vanish = async (command: VanishCommand, delay: Millis): Promise<void> => {
    const taken = await bus.submit(command).then(
      (result) => result.ok,
      () => false,
    )
    if (!taken) deps.after(delay, () => void vanish(command, Math.min(delay * 2, LONGEST_WAIT)))
  }

  const connect = async (wanted: ConnectMessage, from: Sender): Promise<Result<MessageOutcome>> => {
    const { session, userId } = from
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
    if (before === undefined && devices.size >= deps.maxDevices) return fail(FULL)
    devices.set(session.id, { userId, deviceId: id.value })
    const outcome = await submit({
      kind: 'rewards.connect',
      actor: { type: 'user', userId },
      at: from.at,
      ...ackOf(wanted),
      repeatable: true,
      payload: {
        deviceId: id.value,
        name: wanted.name ?? null,
        socket: { session: session.id, process: deps.process },
        address: address.address,
        country: deps.countryOf(address.address),
      },
    })
    // After a failed commit it may be connected all the same; then the socket's end must still be told.
    if (!outcome.ok && before === undefined && isRefusal(outcome.error)) devices.delete(session.id)
    return outcome
  }

  const take = async (message: RewardsMessage, from: Sender): Promise<Result<MessageOutcome>> => {
    if (message.type === 'connect') return connect(message, from)
    const held = devices.get(from.session.id)
    if (held === undefined) return fail(CONNECT_FIRST)
    const base = { actor: { type: 'user', userId: held.userId }, at: from.at, ...ackOf(message) } as const
    const which = { deviceId: held.deviceId, session: from.session.id }
    switch (message.type) {
      case 'network_update': {
        const { id, networks } = message
        const mark = id === undefined ? null : reportMark(id, networks)
        return submit({
          ...base,
          kind: 'rewards.network_update',
          // By its mark the device knows a report that is decided again.
          ...(mark === null ? {} : { repeatable: true }),
          payload: { ...which, networks, mark },
        })
      }
      case 'disconnect': {
        const outcome = await submit({ ...base, kind: 'rewards.disconnect', payload: which })
        if (outcome.ok || LEFT.has(outcome.error.code)) devices.delete(from.session.id)
        return outcome
      }
      default:
        return message satisfies never
    }
  }

  return {
    async handle(message, session) {
      const { principal } = session
      if (principal.type !== 'user') return fail(LOG_IN)
      if (!isRewardsMessage(message))
        return fail(appError('InternalError', `rewards takes no ${message.type}`))
      const from = { session, userId: principal.userId, at: clock.now() }
      return queue.run(session.id, () => take(message, from))
    },
    closed({ id: session }) {
      const at = clock.now()
      void queue.run(session, async () => {
        const held = devices.get(session)
        if (held === undefined) return
        devices.delete(session)
        const payload = { ...held, session }
        const actor = { type: 'system' } as const
        void vanish({ kind: 'rewards.vanish', actor, at, repeatable: true, payload }, FIRST_WAIT)
      })
    },
    reconcile: () => void reconcile(FIRST_WAIT),
    async stillAlive() {
      // A refusal is no harm: the next one comes soon.
      if (devices.size > 0) await bus.submit(aliveCommand(deps.process, clock.now()))
    },
  }
}

/** What one `connect` made of a socket. */
type Held = { readonly userId: UserId; readonly deviceId: DeviceId }

/** Whose message it is, and when it came. */
type Sender = { readonly session: SessionInfo; readonly userId: UserId; readonly at: Millis }

/**
 * What a `disconnect` is answered when this socket is that device no longer: it has left, or another socket
 * has it.
 */
const LEFT: ReadonlySet<ErrorCode> = new Set(['ConnectionClosed', 'ConnectionError'])

function ackOf({ ack }: RewardsMessage): Pick<Command, 'ack'> {
  return ack === undefined ? {} : { ack }
}

const FIRST_WAIT = 1_000
const LONGEST_WAIT = 60_000

const LOG_IN = appError('Unauthorized', 'Log in before connecting a device.')
const CONNECT_FIRST = appError('ConnectionClosed', 'This connection is no device: send connect first.')
const FULL = appError('ServiceUnavailable', 'This server has as many devices as it can hold.', 30_000)

/** Whether the error says that nothing was stored for certain. */
function isRefusal(error: AppError): boolean {
  return error.code !== 'DatabaseError' && error.code !== 'ServiceUnavailable'
}
