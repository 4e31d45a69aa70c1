import type { Command } from '../../src/core/command.ts'
import { type ChannelKey, type ChannelName, channelKey, DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'

export const PRICE = 'bench.price' as ChannelName

/** The command that journals prices: one patch for each symbol. */
export const PRICES_COMMAND = 'bench.prices'

export type PricesCommand = Command<typeof PRICES_COMMAND, { readonly changes: readonly JsonObject[] }>

export function symbolName(index: number): string {
  return `S${index}`
}

export function priceKey(index: number): ChannelKey {
  return channelKey(PRICE, { workspace: DEFAULT_WORKSPACE, user: null }, [symbolName(index)])
}

/** Returns what changes in one symbol at the `n`th time. */
export function priceChanges(index: number, n: number): JsonObject {
  const last = 50_000 + ((index * 31 + n * 7) % 10_000) / 100
  return { last, bid: last - 0.05, ask: last + 0.05, volume: n * 1000 + index, trades: n }
}
