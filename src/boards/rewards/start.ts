import { fail, ok, type Result } from '../../core/result.ts'
import type { BoardDeps, RunningBoard } from '../board.ts'
import { rewardsChannels } from './channels/channels.ts'
import { createDeviceMessages } from './commands/device-messages.ts'
import { ALIVE_INTERVAL } from './commands/upkeep.ts'
import { openCountries } from './domain/country.ts'
import { DEFAULT_RULES } from './domain/rules.ts'
import type { RewardsStore } from './domain/store.ts'
import { rewardsRoutes } from './routes/routes.ts'
import { profileView } from './routes/views.ts'
import { REWARDS_SETTINGS } from './settings.ts'

/** Starts the board in a serving process; fails when the country table cannot be read. */
export function startRewards(context: BoardDeps<RewardsStore>): Result<RunningBoard, string> {
  const countries = openCountries(context.settings(REWARDS_SETTINGS).countryFile)
  if (!countries.ok) return fail(countries.error)
  const devices = createDeviceMessages({
    bus: context.bus,
    clock: context.clock,
    countryOf: countries.value,
    process: context.instance,
    maxDevices: context.maxConnections,
    after: context.after,
  })
  return ok({
    channels: rewardsChannels(context.read, DEFAULT_RULES),
    routes: [
      rewardsRoutes({
        clock: context.clock,
        rules: DEFAULT_RULES,
        read: context.read,
        userOf: context.users.principalOf,
      }),
    ],
    jobs: [{ name: 'note that this process lives', interval: ALIVE_INTERVAL, run: devices.stillAlive }],
    onMessage: devices.handle,
    onSessionClosed: devices.closed,
    onHistoryLost: devices.reconcile,
    profile: (user) => context.read((store) => profileView(store, user)),
  })
}
