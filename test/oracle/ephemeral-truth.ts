import { type ChannelKey, type ChannelName, channelKey, type WorkspaceId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ChannelSource } from '../../src/live/ports.ts'

/** The channels of the ephemeral oracle, by their addresses. */
export const ADDRESSES = ['price:a', 'price:b', 'price:c'] as const

export const WORKSPACE = 'desk' as WorkspaceId

const NAME = 'price' as ChannelName

export function priceKey(address: string): ChannelKey {
  return channelKey(NAME, { workspace: WORKSPACE, user: null }, [address.slice('price:'.length)])
}

/** All documents that were ever published, by channel, epoch and seq. */
export class EphemeralTruth {
  readonly #versions = new Map<string, { readonly seq: number; readonly value: JsonObject }[]>()

  note(address: string, epoch: number, seq: number, value: JsonObject): void {
    const name = `${address} ${epoch}`
    const versions = this.#versions.get(name) ?? []
    versions.push({ seq, value })
    this.#versions.set(name, versions)
  }

  /** Returns the document at a position of its publisher; undefined for a position that never was. */
  at(address: string, epoch: number, seq: number): JsonObject | undefined {
    return this.#versions.get(`${address} ${epoch}`)?.findLast((version) => version.seq <= seq)?.value
  }
}

/** The board of one process, with the values that it publishes. */
export class EphemeralBoard {
  readonly values = new Map<string, JsonObject>()
  /** Since when this process publishes each channel, and under which epoch. */
  readonly published = new Map<string, { readonly begun: number; readonly epoch: number }>()

  readonly sources: readonly ChannelSource[] = [
    {
      kind: 'state',
      durability: 'ephemeral',
      name: NAME,
      parameters: ['symbol'],
      audience: 'workspace',
      permission: null,
      knows: ({ workspace }, [symbol = '']) => workspace === WORKSPACE && ['a', 'b', 'c'].includes(symbol),
      load: (_, [symbol = '']) => this.values.get(`price:${symbol}`) ?? {},
    },
  ]
}
