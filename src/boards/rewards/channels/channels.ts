import type { UserId } from '../../../core/ids.ts'
import type { Sync } from '../../../core/storage.ts'
import type { ChannelSource, LoadedDocument } from '../../../live/ports.ts'
import {
  EMPTY_NETWORK,
  earningsDocument,
  emptyAccount,
  networksDocument,
  summaryDocument,
} from '../domain/documents.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { RewardsReader } from '../domain/store.ts'
import { ACTIVITY, EARNINGS, NETWORKS, NOTIFICATION, SUMMARY } from './names.ts'

/**
 * Runs `work` over one consistent snapshot of the board's rows, with the journal position that they are at.
 */
export type ReadRewards = <T>(work: (rewards: RewardsReader, head: { readonly seq: number }) => Sync<T>) => T

/**
 * The board's channels: the whole network's summary, and per user networks, earnings and a stream of what
 * happened to the user's devices. Rows and journal are committed together, so a document read at the
 * journal's head holds exactly the entries up to there.
 */
export function rewardsChannels(read: ReadRewards, rules: RewardsRules): readonly ChannelSource[] {
  const ofUser = (
    user: UserId | null,
    load: (rewards: RewardsReader, user: UserId) => LoadedDocument['data'],
  ) =>
    read<LoadedDocument>((rewards, { seq }) => {
      if (user === null) throw new Error('this channel is per user')
      return { seq, data: load(rewards, user) }
    })
  return [
    {
      kind: 'state',
      name: SUMMARY,
      audience: 'workspace',
      permission: null,
      load: () =>
        read<LoadedDocument>((rewards, { seq }) => ({
          seq,
          data: summaryDocument(rewards.network() ?? EMPTY_NETWORK, rewards.countries(), rewards.arrivals()),
        })),
    },
    {
      kind: 'state',
      name: NETWORKS,
      audience: 'user',
      permission: null,
      load: (scope) =>
        ofUser(scope.user, (rewards, user) => networksDocument(rewards.devicesOf(user), rules)),
    },
    {
      kind: 'state',
      name: EARNINGS,
      audience: 'user',
      permission: null,
      load: (scope) =>
        ofUser(scope.user, (rewards, user) => earningsDocument(rewards.account(user) ?? emptyAccount(user))),
    },
    { kind: 'stream', name: ACTIVITY, audience: 'user', permission: null, event: NOTIFICATION },
  ]
}
