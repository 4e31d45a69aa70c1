/**
 * A process that observes one thing and notes when it changed, so that observers do not delay each other. All
 * processes of a machine have the same wall clock.
 */
import { Database } from 'bun:sqlite'
import { DATABASE } from '../../src/replication/litefs/settings.ts'

/**
 * `commits`: the transactions that a LiteFS reports. `rows`: the journal in its mount, read at each of its
 * reports. `frames`: the updates of a channel that a terminal receives.
 */
export type Watched =
  | { readonly type: 'commits'; readonly api: string }
  | { readonly type: 'rows'; readonly api: string; readonly file: string }
  | { readonly type: 'frames'; readonly url: string; readonly channel: string }

export type ObserverCommand =
  | { readonly type: 'watch'; readonly watched: Watched }
  | { readonly type: 'tell' }
export type ObserverAnswer =
  | { readonly type: 'listening' }
  | { readonly type: 'watching' }
  | { readonly type: 'seen'; readonly sightings: readonly Sighting[] }

/**
 * What was observed (a transaction id, or a position of the journal) and when, ms: for a transaction when the
 * primary made it, otherwise when it was observed.
 */
export type Sighting = { readonly what: string; readonly at: number }

let sightings: Sighting[] = []

if (import.meta.main) {
  process.on('message', (command: ObserverCommand) => {
    switch (command.type) {
      case 'watch':
        watch(command.watched)
        break
      case 'tell':
        tell({ type: 'seen', sightings })
        sightings = []
        break
    }
  })
  process.on('disconnect', () => process.exit(0))
  tell({ type: 'listening' })
}

function watch(watched: Watched): void {
  switch (watched.type) {
    case 'commits':
      void follow(watched.api, (txid, madeAt) => sightings.push({ what: txid, at: madeAt }))
      break
    case 'rows': {
      const read = newestRow(watched.file)
      void follow(watched.api, () => see(String(read())))
      break
    }
    case 'frames':
      frames(watched.url, watched.channel)
      break
  }
}

function see(what: string): void {
  sightings.push({ what, at: Date.now() })
}

/** Follows the events of LiteFS. The time of a transaction is part of it, so it is the same on all nodes. */
async function follow(api: string, take: (txid: string, madeAt: number) => void): Promise<void> {
  const { body } = await fetch(`${api}/events`)
  if (body === null) throw new Error(`no events at ${api}`)
  tell({ type: 'watching' })
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const event: LitefsEvent = JSON.parse(line)
      if (event.type === 'tx' && event.db === DATABASE)
        take(event.data.txID, Date.parse(event.data.timestamp))
    }
  }
}

type LitefsEvent =
  | {
      readonly type: 'tx'
      readonly db: string
      readonly data: { readonly txID: string; readonly timestamp: string }
    }
  | { readonly type: 'init' | 'primaryChange' }

function newestRow(file: string): () => number {
  const database = new Database(file, { readonly: true })
  database.run('pragma busy_timeout = 1000')
  const newest = database.prepare<{ seq: number }, []>('select seq from journal order by seq desc limit 1')
  return () => newest.get()?.seq ?? 0
}

function frames(url: string, channel: string): void {
  const socket = new WebSocket(`${url}/ws?type=tui&format=json`)
  socket.onmessage = ({ data }) => {
    const message: { readonly type: string; readonly seq?: number } = JSON.parse(data)
    if (message.type === 'hello') socket.send(JSON.stringify({ type: 'subscribe', channels: [channel] }))
    if (message.type === 'caught_up') tell({ type: 'watching' })
    if (message.type === 'update') see(String(message.seq))
  }
  socket.onclose = () => {
    throw new Error(`the socket at ${url} was closed`)
  }
  setInterval(() => socket.send('{"type":"heartbeat"}'), 20_000)
}

function tell(answer: ObserverAnswer): void {
  process.send?.(answer)
}
