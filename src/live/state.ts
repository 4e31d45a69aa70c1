import type { Millis } from '../core/clock.ts'
import type { ChannelKey } from '../core/ids.ts'
import type { CountedHistory } from './answer-cost.ts'
import type { Channel } from './channel.ts'
import type { DocumentCache } from './documents.ts'
import type { EphemeralValues } from './ephemeral/value.ts'
import type { Feed } from './feed.ts'
import type { FrameCache } from './frame-cache.ts'
import type { ChannelSource, ClientType } from './ports.ts'
import type { Session } from './session.ts'
import type { EngineDeps } from './types.ts'

/** All that a running engine holds; the functions of this folder share it. */
export type LiveState<Socket> = {
  readonly deps: EngineDeps<Socket>
  /** `deps.history`, counted. */
  readonly history: CountedHistory
  /** By name and by alias. */
  readonly sources: ReadonlyMap<string, ChannelSource>
  readonly publicChannels: readonly string[]
  /** Names by alias; null when no source has one. */
  readonly aliases: { readonly [alias: string]: string } | null
  readonly sessions: Set<Session<Socket>>
  readonly slow: Set<Session<Socket>>
  /** Those that somebody holds. */
  readonly channels: Map<ChannelKey, Channel<Socket>>
  readonly documents: DocumentCache
  readonly frames: FrameCache
  readonly ephemeral: EphemeralValues
  /** Feeds with something to publish at the next tick of their rate. */
  readonly dirty: { readonly [Type in ClientType]: Set<Feed<Socket>> }
  /** How many of `channels` have parameters. */
  parameterised: number
  /** How many feeds were made; each has its number in `packed` frames. */
  feedCount: number
  /** Whether the storage is away, so that what needs it waits. */
  suspended: boolean
  /** Since when nothing new was heard; null: all is fresh. */
  staleSince: Millis | null
  /** Position of the last row applied. */
  epoch: number
  seq: number
}
