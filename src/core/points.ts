/**
 * 1 point is 1,000,000 micropoints; amounts are bigint micropoints in code and decimal text of them in JSON.
 */
export const MICROPOINTS_PER_POINT = 1_000_000n

/** Returns micropoints as decimal points, exact and without trailing zeros: 49996800n is `49.9968`. */
export function formatPoints(micropoints: bigint): string {
  const sign = micropoints < 0n ? '-' : ''
  const size = micropoints < 0n ? -micropoints : micropoints
  const fraction = (size % MICROPOINTS_PER_POINT).toString().padStart(6, '0').replace(/0+$/, '')
  const whole = `${sign}${size / MICROPOINTS_PER_POINT}`
  return fraction === '' ? whole : `${whole}.${fraction}`
}
