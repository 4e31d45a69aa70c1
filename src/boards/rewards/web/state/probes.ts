/** A heartbeat that measures the link: its round trip in ms, or null when it was not answered in time. */
export type Probe = number | null

/** What a tab measured of its own link. */
export type LinkQuality = {
  /** Median of the round trips, in ms; null when no probe was answered. */
  readonly rtt: number | null
  /** Percent of the probes that were not answered in time. */
  readonly loss: number
  readonly probes: number
}

/** Returns the newest probes, `limit` at most. */
export function addProbe(probes: readonly Probe[], probe: Probe, limit: number): readonly Probe[] {
  return [...probes, probe].slice(-limit)
}

/** Returns null before the first probe. */
export function measureQuality(probes: readonly Probe[]): LinkQuality | null {
  if (probes.length === 0) return null
  const trips = probes.filter((probe) => probe !== null).sort((a, b) => a - b)
  const lost = probes.length - trips.length
  return { rtt: median(trips), loss: round((lost / probes.length) * 100), probes: probes.length }
}

function median(sorted: readonly number[]): number | null {
  const upper = sorted[sorted.length >> 1]
  if (upper === undefined) return null
  const lower = sorted[(sorted.length - 1) >> 1] ?? upper
  return round((upper + lower) / 2)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
