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
import type { Throttle } from './throttle.ts'
import type { EngineDeps } from './types.ts'

/** The state of a running engine, shared by the functions of this folder. */
export type LiveState<Socket> = {
  readonly deps: EngineDeps<Socket>
  /** `deps.history`, with a count of the rows read. */
  readonly history: CountedHistory
  /** Sources by name and by alias. */
  readonly sources: ReadonlyMap<string, ChannelSource>
  readonly publicChannels: readonly string[]
  /** Names by alias; null when no source has one. */
  readonly aliases: { readonly [alias: string]: string } | null
  readonly sessions: Set<Session<Socket>>
  readonly slow: Set<Session<Socket>>
  /** Channels that at least one session holds. */
  readonly channels: Map<ChannelKey, Channel<Socket>>
  readonly documents: DocumentCache
  readonly frames: FrameCache
  readonly ephemeral: EphemeralValues
  /** They decide when feeds publish what changed. */
  readonly throttles: { readonly [Type in ClientType]: Throttle<Feed<Socket>> }
  /** Number of `channels` that have parameters. */
  parameterised: number
  /** Number of feeds made so far; each gets its number in `packed` frames. */
  feedCount: number
  /** Whether the storage is away, so that messages which need it are deferred. */
  suspended: boolean
  /** Since when nothing new was heard; null while all is fresh. */
  staleSince: Millis | null
  /** Position of the last row applied. */
  epoch: number
  seq: number
}
