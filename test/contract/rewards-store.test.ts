import { openStorage } from '../support/rewards.ts'
import { rewardsStoreContract } from './rewards-store.ts'

rewardsStoreContract('memory', () => openStorage('memory'))
rewardsStoreContract('sqlite', () => openStorage('sqlite'))
