import type { Millis } from '../core/clock.ts'
import type { ChannelKey } from '../core/ids.ts'
import type { CountedHistory } from './answer-cost.ts'
import type { DocumentCache } from './documents.ts'
import type { EphemeralValues } from './ephemeral/value.ts'
import type { FrameCache } from './frame-cache.ts'
import type { Channel, Feed, Session } from './model.ts'
import type { ChannelSource, ClientType } from './ports.ts'
import type { Throttle } from './throttle.ts'
import type { EngineDeps } from './types.ts'

/**
 * The state of a running engine. Functions that serve one purpose take the part that they need, all others
 * the whole.
 */
export type LiveState<Socket> = Outlet<Socket> &
  Positions &
  Channels<Socket> &
  Sessions<Socket> & { readonly deps: EngineDeps<Socket> }

/** What is needed to make frames and send them. */
export type Outlet<Socket> = {
  readonly deps: Pick<
    EngineDeps<Socket>,
    'transport' | 'publisher' | 'metrics' | 'timers' | 'clock' | 'events' | 'limits'
  >
  /** Frames that several sessions may need. */
  readonly frames: FrameCache
  /** Number of feeds made so far; each gets its number in `packed` frames. */
  feedCount: number
}

/** Up to where the engine knows each channel, and what it knows. */
export type Positions = {
  /** `deps.history`, with a count of the rows read. */
  readonly history: CountedHistory
  readonly documents: DocumentCache
  readonly ephemeral: EphemeralValues
  /** Position of the last row applied. */
  epoch: number
  seq: number
}

/** What is needed to tell other processes of ephemeral values. */
export type EphemeralState = {
  readonly deps: Pick<EngineDeps<never>, 'clock' | 'limits' | 'relay' | 'defect'>
  readonly ephemeral: EphemeralValues
}

/** The channels that there are, and those that are held. */
export type Channels<Socket> = {
  /** Sources by name and by alias. */
  readonly sources: ReadonlyMap<string, ChannelSource>
  readonly publicChannels: readonly string[]
  /** Names by alias; null when no source has one. */
  readonly aliases: { readonly [alias: string]: string } | null
  /** Channels that at least one session holds. */
  readonly channels: Map<ChannelKey, Channel<Socket>>
  /** Number of `channels` that have parameters. */
  parameterised: number
  /** They decide when feeds publish what changed. */
  readonly throttles: { readonly [Type in ClientType]: Throttle<Feed<Socket>> }
}

/** The open sessions, and what all of them are told. */
export type Sessions<Socket> = {
  readonly sessions: Set<Session<Socket>>
  readonly slow: Set<Session<Socket>>
  /** Whether the storage is away, so that messages which need it are deferred. */
  suspended: boolean
  /** Since when nothing new was heard; null while all is fresh. */
  staleSince: Millis | null
}
