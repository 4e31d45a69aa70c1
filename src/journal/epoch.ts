import type { Clock, Random } from '../core/clock.ts'
import { type ChannelName, channelKey, type WorkspaceId } from '../core/ids.ts'
import type { Storage } from '../core/storage.ts'
import { sealEntry } from './chain.ts'
import type { Cursor, JournalStore } from './types.ts'

/**
 * Begins a writer's reign: a new random 32-bit epoch and its journal row, in one transaction. Done at every
 * start, so that a restored backup, a lost suffix or a fail-over can never give the same (epoch, seq) to two
 * different histories. Answers the row's position.
 */
export function beginEpoch<Stores extends { readonly journal: JournalStore }>(
  storage: Storage<Stores>,
  workspace: WorkspaceId,
  clock: Clock,
  random: Random,
): Cursor {
  return storage.write(({ journal }) => {
    const at = clock.now()
    const used = new Set(journal.epochs().map((row) => row.epoch))
    let epoch = 0
    while (epoch === 0 || used.has(epoch)) epoch = uint32(random)
    const channel = channelKey('system.epoch' as ChannelName, { workspace, user: null })
    const row = sealEntry(journal.head(), epoch, at, channel, { kind: 'epoch' })
    journal.openEpoch(epoch, row.seq, at)
    journal.append([row])
    return { epoch, seq: row.seq, chain: row.chain }
  })
}

function uint32(random: Random): number {
  return random.bytes(4).reduce((value, byte) => value * 256 + byte, 0)
}
