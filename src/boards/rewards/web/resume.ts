export { rewardsOf as default } from './state/rewards.ts'
