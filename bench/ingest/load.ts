import { reportMark } from '../../src/boards/rewards/domain/report-mark.ts'
import type { ConnectCommand, NetworkUpdateCommand } from '../../src/boards/rewards/domain/types.ts'
import type { Command } from '../../src/core/command.ts'
import type { DeviceId, SessionId, UserId } from '../../src/core/ids.ts'

/** A device, as the replay makes it: each belongs to another user and has another public address. */
export type LoadDevice = {
  readonly user: UserId
  readonly device: DeviceId
  readonly session: SessionId
  readonly address: string
}

export function makeDevices(count: number): readonly LoadDevice[] {
  return Array.from({ length: count }, (_, i) => ({
    user: `u_${i.toString(16).padStart(24, '0')}` as UserId,
    device: `d_${i.toString(16).padStart(24, '0')}` as DeviceId,
    session: `s_${i.toString(16).padStart(16, '0')}` as SessionId,
    address: `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.7`,
  }))
}

export function connectOf({ user, device, session, address }: LoadDevice, at: number): ConnectCommand {
  const payload = {
    deviceId: device,
    name: null,
    socket: { session, process: 'bench' },
    address,
    country: 'DE',
  }
  return { kind: 'rewards.connect', actor: { type: 'user', userId: user }, at, payload }
}

/**
 * Returns the command of the `n`th report. The values vary, so that every report changes something. It has an
 * idempotency key, as each command does whose sender needs the answer.
 */
export function reportOf({ user, device, session }: LoadDevice, n: number, at: number): NetworkUpdateCommand {
  const wobble = (n * 7919) % 100
  const network = {
    name: 'eth0',
    loss: wobble / 50,
    rtt: 20 + wobble / 4,
    bytes_in: 1_000 + n,
    bytes_out: 500 + n,
  }
  return {
    kind: 'rewards.network_update',
    actor: { type: 'user', userId: user },
    at,
    key: `report-${n}`,
    payload: { deviceId: device, session, networks: [network], mark: reportMark(`report-${n}`, [network]) },
  }
}

/**
 * Submits `count` commands, at most `outstanding` of them unanswered at a time. Returns the seconds that
 * took. Throws if one is refused.
 */
export async function drive(
  submit: (command: Command) => Promise<{ readonly ok: boolean }>,
  make: (n: number) => Command,
  count: number,
  outstanding: number,
): Promise<number> {
  let next = 0
  const start = performance.now()
  const lane = async () => {
    while (next < count) {
      const result = await submit(make(next++))
      if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`)
    }
  }
  await Promise.all(Array.from({ length: outstanding }, lane))
  return (performance.now() - start) / 1_000
}
