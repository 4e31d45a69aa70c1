import type { Limits } from '../config/config.ts'
import { DEFAULT_LIMITS, type EngineLimits } from '../live/limits.ts'
import type { ChannelSource } from '../live/ports.ts'

/** The engine's limits with what the operator may choose put in. */
export function engineLimits(limits: Limits): EngineLimits {
  const rate = limits.messagesPerSecond
  return {
    ...DEFAULT_LIMITS,
    bufferedBytes: limits.bufferBytes,
    subscriptions: limits.subscriptions,
    channels: limits.channels,
    messages: { rate, burst: rate * 2 },
  }
}

/** A line about the first public channel that cannot be one (unknown, or a user's own); null when all can. */
export function wrongPublicChannel(
  publicChannels: readonly string[],
  sources: readonly ChannelSource[],
): string | null {
  const possible = sources
    .filter(({ audience, permission }) => audience === 'workspace' && permission === null)
    .map(({ name }) => `${name}`)
  const wrong = publicChannels.find((name) => !possible.includes(name))
  if (wrong === undefined) return null
  return `DASHBOARD_PUBLIC_CHANNELS: ${JSON.stringify(wrong)} was given, one of ${possible.join(', ')} is expected`
}
