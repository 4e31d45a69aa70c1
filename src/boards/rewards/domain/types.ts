import type { Command } from '../../../core/command.ts'
import type { DeviceId, SessionId, UserId } from '../../../core/ids.ts'

/** Where earnings come from. Referral and bonus will join here. */
export const EARNING_SOURCES = ['network'] as const
export type EarningSource = (typeof EARNING_SOURCES)[number]

/**
 * What a device says of one network since its last report; checked by `validate.ts`. Loss in percent, rtt in
 * ms.
 */
export type NetworkReport = {
  readonly name: string
  readonly loss: number
  readonly rtt: number
  readonly bytes_in: number
  readonly bytes_out: number
}

/**
 * The socket a device hangs on. `process` is the server process that holds the socket, a random name per
 * start: what a dead process left behind is told by it.
 */
export type SocketRef = { readonly session: SessionId; readonly process: string }

/**
 * The serving process has normalised the address and looked the country up (null: private or not in the
 * table).
 */
export type ConnectPayload = {
  readonly deviceId: DeviceId
  readonly name: string | null
  readonly socket: SocketRef
  readonly address: string
  readonly country: string | null
}

export type ConnectCommand = Command<'rewards.connect', ConnectPayload>

export type NetworkUpdateCommand = Command<
  'rewards.network_update',
  {
    readonly deviceId: DeviceId
    readonly session: SessionId
    readonly networks: readonly NetworkReport[]
    /** Tells a report that is sent again: see report-mark.ts. Null for one that had no id. */
    readonly mark: string | null
  }
>

/** The device says good-bye; its socket may stay. */
export type DisconnectCommand = Command<
  'rewards.disconnect',
  { readonly deviceId: DeviceId; readonly session: SessionId }
>

/** The socket is gone. Changes nothing when another socket has taken the device over meanwhile. */
export type VanishCommand = Command<
  'rewards.vanish',
  { readonly userId: UserId; readonly deviceId: DeviceId; readonly session: SessionId }
>

/**
 * Puts every device offline whose process is not among `alive`: what a process left behind that died without
 * a word.
 */
export type SweepCommand = Command<'rewards.sweep', { readonly alive: readonly string[] }>

/**
 * What a process has, after the database lost its newest changes in a fail-over: whatever else it is said to
 * hold online has left, and that was lost.
 */
export type ReconcileCommand = Command<
  'rewards.reconcile',
  { readonly process: string; readonly sessions: readonly SessionId[] }
>

/**
 * This process lives and holds its sockets. What a process stored last is otherwise the only sign of it, and
 * devices that say nothing cause none.
 */
export type AliveCommand = Command<'rewards.alive', { readonly process: string }>

/** Settles the earnings of past hours of devices that have not reported since; at most `limit` of them. */
export type SettleCommand = Command<'rewards.settle', { readonly limit: number }>

export type RewardsCommand =
  | ConnectCommand
  | NetworkUpdateCommand
  | DisconnectCommand
  | VanishCommand
  | SweepCommand
  | AliveCommand
  | ReconcileCommand
  | SettleCommand
