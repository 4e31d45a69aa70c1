import { DEFAULT_WORKSPACE, type WorkspaceId } from '../../../core/ids.ts'
import { LIMITS } from '../../../protocol/limits.ts'

/**
 * Every number of the board that is a choice, handed in. Durations in ms. The values and formulas are
 * explained for users in docs/GUIDE-rewards.md.
 */
export type RewardsRules = {
  readonly workspace: WorkspaceId
  /** Points an hour at score 1000 and full share. */
  readonly pointsPerHour: number
  /** The score that a device earns at when its own is lower or not yet established. */
  readonly floorScore: number
  /** A score is established after so many samples and so much time since the first. */
  readonly establishedSamples: number
  readonly establishedAfter: number
  /** The rate follows the score when they differ by at least this: fewer writes, and no flutter. */
  readonly scoreStep: number
  /** A device back within this time was not disconnected. */
  readonly grace: number
  readonly earningAddresses: number
  readonly devicesPerUser: number
  readonly networksPerUpdate: number
  readonly arrivals: number
  /** A device knows so many of its newest reports again: as many as a session may have unanswered. */
  readonly marks: number
}

/** Characters of the id that a device's owner gives it. */
export const MAX_DEVICE_ID_LENGTH = 64

/** Networks in one `network_update`. */
export const MAX_NETWORKS_PER_UPDATE = 32

export const DEFAULT_RULES: RewardsRules = {
  workspace: DEFAULT_WORKSPACE,
  pointsPerHour: 50,
  floorScore: 200,
  establishedSamples: 10,
  establishedAfter: 15 * 60_000,
  scoreStep: 10,
  grace: 60_000,
  earningAddresses: 5,
  devicesPerUser: 100,
  networksPerUpdate: MAX_NETWORKS_PER_UPDATE,
  arrivals: 20,
  marks: LIMITS.unanswered,
}
