import { join } from 'node:path'
import type { Board } from '../board.ts'
import { ACTIVITY, EARNINGS, NETWORKS, REWARDS_EVENTS, SUMMARY } from './channels/names.ts'
import { rewardsHandlers } from './commands/handlers.ts'
import { SETTLE_INTERVAL, settleLedger, sweepCommand } from './commands/upkeep.ts'
import { DEFAULT_RULES } from './domain/rules.ts'
import type { RewardsStore } from './domain/store.ts'
import type { RewardsCommand } from './domain/types.ts'
import { REWARDS_MESSAGES } from './messages/index.ts'
import { REWARDS_SETTINGS } from './settings.ts'
import { createMemoryRewardsStore } from './storage/memory-store.ts'
import { createSqliteRewardsStore } from './storage/sqlite-store.ts'

/** People share their network connection; their devices are scored and earn points. */
export const rewards: Board<'rewards', RewardsStore> = {
  ...REWARDS_SETTINGS,
  presets: {
    '/ws/dashboard': [SUMMARY, NETWORKS, EARNINGS],
    '/ws/earnings': [EARNINGS, ACTIVITY],
    // No such channel yet: clients are told so by EntityNotFound and do not wait for it.
    '/ws/referrals': ['rewards.referrals'],
  },
  messages: REWARDS_MESSAGES,
  events: REWARDS_EVENTS,
  stores: { sqlite: createSqliteRewardsStore, memory: createMemoryRewardsStore },
  registerHandlers: (table) => table.add<RewardsCommand>(rewardsHandlers(DEFAULT_RULES)),
  primaryJobs: [
    {
      name: 'settle the ledger',
      interval: SETTLE_INTERVAL,
      run: ({ bus, clock }) => settleLedger(bus, clock),
    },
  ],
  instancesChanged: sweepCommand,
  web: { entry: join(import.meta.dir, 'web/index.ts') },
  start: async (context) => (await import('./start.ts')).startRewards(context),
}
