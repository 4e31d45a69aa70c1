/**
 * Channels that a socket path subscribes to on its own: public ones at once, a user's after the login. A channel that this
 * build does not serve is answered by EntityNotFound, so that a client sees what it lacks instead of waiting for it.
 */
export const PRESETS: ReadonlyMap<string, readonly string[]> = new Map([
  ['/ws', []],
  ['/ws/dashboard', ['rewards.summary', 'rewards.networks', 'rewards.earnings']],
  ['/ws/earnings', ['rewards.earnings', 'rewards.activity']],
  ['/ws/referrals', ['rewards.referrals']],
])
