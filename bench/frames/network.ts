import { openCountries } from '../../src/boards/rewards/domain/country.ts'
import type { NetworkReport, RewardsCommand } from '../../src/boards/rewards/domain/types.ts'
import type { DeviceId, SessionId, UserId } from '../../src/core/ids.ts'
import type { Plan, PlannedChange, PlannedDevice } from '../../tools/replay/plan.ts'
import { type Line, lineOf } from '../../tools/replay/quality.ts'

/**
 * The commands of a plan's devices in the order of their time, as the replay makes them: to connect, report
 * and disconnect.
 */
export type Network = {
  /**
   * Returns the commands up to `now` (ms since the start), at most `limit`; the rest comes with later calls.
   */
  until(now: number, limit: number): readonly RewardsCommand[]
}

type Speaker = { readonly device: PlannedDevice; readonly line: Line; dueAt: number }

export function userOf(device: PlannedDevice): UserId {
  return `user-${device.user}` as UserId
}

/** Replays `plan` at `speed`; `start` is the time of the board at the beginning, in ms. */
export function makeNetwork(plan: Plan, speed: number, start: number): Network {
  const countries = openCountries(null)
  if (!countries.ok) throw new Error(countries.error)
  const countryOf = countries.value
  const speakers = new Map<string, Speaker>()
  let next = 0

  const base = (device: PlannedDevice, now: number) =>
    ({ actor: { type: 'user', userId: userOf(device) }, at: start + now }) as const
  const ids = (device: PlannedDevice) => ({
    deviceId: `node-${device.index}` as DeviceId,
    session: `session-${device.index}` as SessionId,
  })

  function change({ device, state }: PlannedChange, now: number): RewardsCommand {
    const { deviceId, session } = ids(device)
    if (state === 'down') {
      speakers.delete(device.ip)
      return { ...base(device, now), kind: 'rewards.disconnect', payload: { deviceId, session } }
    }
    const line = lineOf(device.ip)
    speakers.set(device.ip, { device, line, dueAt: now + line.pause() })
    return {
      ...base(device, now),
      kind: 'rewards.connect',
      payload: {
        deviceId,
        name: `node ${device.index + 1}`,
        socket: { session, process: 'bench' },
        address: device.ip,
        country: countryOf(device.ip),
      },
    }
  }

  function report(speaker: Speaker, now: number): RewardsCommand {
    const pause = speaker.line.pause()
    speaker.dueAt = now + pause
    const networks: readonly NetworkReport[] = [speaker.line.report(pause / 1_000)]
    const { device } = speaker
    return {
      ...base(device, now),
      kind: 'rewards.network_update',
      payload: { ...ids(device), networks, mark: null },
    }
  }

  return {
    until(now, limit) {
      const commands: RewardsCommand[] = []
      while (commands.length < limit) {
        const planned = plan.changes[next]
        if (planned === undefined || (planned.at * 1_000) / speed > now) break
        next++
        commands.push(change(planned, now))
      }
      for (const speaker of speakers.values()) {
        if (commands.length >= limit) break
        if (speaker.dueAt <= now) commands.push(report(speaker, now))
      }
      return commands
    },
  }
}
