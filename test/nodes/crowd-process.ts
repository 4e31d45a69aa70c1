import { canonicalJson } from '../../src/core/json.ts'
import { type ClientTally, type CrowdClient, startClient } from './crowd-client.ts'

// One of the processes that hold a crowd's sockets: one alone may not have so many files.

export type ToCrowd =
  | {
      readonly type: 'hold'
      readonly urls: readonly string[]
      readonly channel: string
      readonly clients: number
    }
  | { readonly type: 'report' }

export type FromCrowd =
  | { readonly type: 'listening' }
  | { readonly type: 'held' }
  | { readonly type: 'report'; readonly report: CrowdReport }

export type CrowdReport = ClientTally & {
  readonly live: number
  /** Clients that never had to move. */
  readonly settled: number
  /** Every document that somebody has, and how many do. */
  readonly documents: readonly (readonly [text: string, count: number])[]
}

const OPENING_AT_ONCE = 64
/** So that each says something every 25 s. */
const [BEATS, BEAT_MILLIS] = [50, 500]

const clients: CrowdClient[] = []

process.on('message', (message: ToCrowd) => {
  switch (message.type) {
    case 'hold':
      void hold(message)
      break
    case 'report':
      tell({ type: 'report', report: report() })
      break
  }
})
process.on('disconnect', () => process.exit(0))
tell({ type: 'listening' })

async function hold({ urls, channel, clients: wanted }: Extract<ToCrowd, { type: 'hold' }>): Promise<void> {
  const lane = async (): Promise<void> => {
    while (clients.length < wanted) {
      const client = startClient(urls, channel, Math.random)
      clients.push(client)
      await client.live
    }
  }
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, lane))
  let turn = 0
  setInterval(() => {
    turn += 1
    for (let index = turn % BEATS; index < clients.length; index += BEATS) clients[index]?.heartbeat()
  }, BEAT_MILLIS)
  tell({ type: 'held' })
}

function report(): CrowdReport {
  const sum = (name: keyof ClientTally) => clients.reduce((total, { tally }) => total + tally[name], 0)
  const documents = new Map<string, number>()
  for (const client of clients) {
    const text = canonicalJson(client.document())
    documents.set(text, (documents.get(text) ?? 0) + 1)
  }
  return {
    moves: sum('moves'),
    resumed: sum('resumed'),
    snapshots: sum('snapshots'),
    resyncs: sum('resyncs'),
    gaps: sum('gaps'),
    live: clients.filter((client) => client.isLive()).length,
    settled: clients.filter(({ tally }) => tally.moves === 0).length,
    documents: [...documents],
  }
}

function tell(message: FromCrowd): void {
  process.send?.(message)
}
