import { file } from '../../config/kinds.ts'
import { type BoardSettings, setting } from '../../config/setting.ts'

/** What an operator can decide about the rewards board. */
export const REWARDS_SETTINGS = {
  name: 'rewards',
  publicChannels: ['rewards.summary'],
  settings: {
    /** Another table (MMDB) of countries by address than the bundled one; null for that. */
    countryFile: setting('DASHBOARD_COUNTRY_FILE', file(null), 'another MMDB file for countries by address', {
      shown: 'the bundled one',
    }),
  },
} as const satisfies BoardSettings
