import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'

/** A position in the journal, as the protocol gives it. */
export type Cursor = { readonly epoch: number; readonly seq: number }

export type ClientTally = {
  /** How often it went on at a node after its connection had ended. */
  moves: number
  resumed: number
  /** Answers to a cursor that were a whole document, which the server may prefer (rule S-3). */
  snapshots: number
  resyncs: number
  /** Deltas that did not fit: something was missing (rules D-3 and D-4). */
  gaps: number
}

/**
 * One reader of a public document on a bare socket, written from docs/PROTOCOL.md: applies what fits, counts
 * what does not, and comes back at another node with its cursor.
 */
export function startClient(urls: readonly string[], channel: string, random: () => number) {
  const tally: ClientTally = { moves: 0, resumed: 0, snapshots: 0, resyncs: 0, gaps: 0 }
  const first = Promise.withResolvers<void>()
  let document: JsonObject = {}
  let cursor: Cursor | null = null
  let isLive = false
  let isEnding = false
  let socket: WebSocket | null = null
  let delay: number | null = null
  let failures = 0
  let at = Math.floor(random() * urls.length)

  function connect(): void {
    const mine = new WebSocket(urls[at % urls.length] ?? '')
    socket = mine
    mine.onmessage = ({ data }: MessageEvent<string>) => take(parse(data))
    mine.onclose = () => {
      if (isEnding) return
      if (isLive) tally.moves += 1
      isLive = false
      failures += 1
      // Somewhere else, as the protocol asks (rules ).
      at += 1 + Math.floor(random() * (urls.length - 1))
      const span = 500 * 2 ** Math.min(failures - 1, 4)
      setTimeout(connect, delay ?? span * (0.5 + random() / 2))
      delay = null
    }
  }

  function take(message: JsonObject): void {
    switch (message.type) {
      case 'hello': {
        const cursors = cursor === null ? {} : { cursors: { [channel]: cursor } }
        socket?.send(JSON.stringify({ type: 'subscribe', channels: [channel], ...cursors }))
        break
      }
      case 'snapshot':
        if (cursor !== null) tally.snapshots += 1
        document = isJsonObject(message.data) ? clone(message.data) : {}
        cursor = positionOf(message)
        break
      case 'resumed':
        // From one epoch into another, too: the server has checked the position (rule D-4).
        if (cursor === null || Number(message.from) > cursor.seq) tally.gaps += 1
        else apply(message)
        tally.resumed += 1
        break
      case 'update':
        if (cursor === null || message.epoch !== cursor.epoch || Number(message.from) > cursor.seq)
          tally.gaps += 1
        else if (Number(message.seq) > cursor.seq) apply(message)
        break
      case 'resync':
        tally.resyncs += 1
        break
      case 'caught_up':
        isLive = true
        failures = 0
        first.resolve()
        break
      case 'reconnect':
        delay = Number(message.delay_ms)
        break
    }
  }

  function apply(delta: JsonObject): void {
    const { changes, removed } = delta
    if (Array.isArray(removed)) for (const path of removed) removeAt(document, keysOf(String(path)))
    if (isJsonObject(changes))
      for (const [path, value] of Object.entries(changes)) setAt(document, keysOf(path), value)
    cursor = positionOf(delta)
  }

  connect()
  return {
    tally,
    live: first.promise,
    isLive: () => isLive,
    document: () => document,
    cursor: () => cursor,
    heartbeat() {
      if (isLive) socket?.send('{"type":"heartbeat"}')
    },
    close() {
      isEnding = true
      socket?.close()
    },
  }
}

export type CrowdClient = ReturnType<typeof startClient>

/**
 * The same frame comes to thousands of clients of one process: it is read once. Nobody changes what was read.
 */
const lately = new Map<string, JsonObject>()
const KEPT = 32

function parse(text: string): JsonObject {
  const known = lately.get(text)
  if (known !== undefined) return known
  const message: JsonObject = JSON.parse(text)
  lately.set(text, message)
  if (lately.size > KEPT)
    for (const oldest of lately.keys()) {
      lately.delete(oldest)
      break
    }
  return message
}

function positionOf({ epoch, seq }: JsonObject): Cursor {
  return { epoch: Number(epoch), seq: Number(seq) }
}

type Branch = { [key: string]: Json }

/** The keys of a path; a dot or backslash within a key has a backslash before it (rule D-6). */
export function keysOf(path: string): readonly string[] {
  return path.split(/(?<=(?:^|[^\\])(?:\\\\)*)\./).map((key) => key.replaceAll(/\\([.\\])/g, '$1'))
}

function setAt(root: JsonObject, keys: readonly string[], value: Json | undefined): void {
  let branch = root as Branch
  for (const key of keys.slice(0, -1)) {
    const next = branch[key]
    const below: Branch = isJsonObject(next) ? (next as Branch) : {}
    branch[key] = below
    branch = below
  }
  branch[keys.at(-1) ?? ''] = value === undefined ? null : clone(value)
}

function removeAt(root: JsonObject, keys: readonly string[]): void {
  let branch = root as Branch
  for (const key of keys.slice(0, -1)) {
    const next = branch[key]
    if (!isJsonObject(next)) return
    branch = next as Branch
  }
  delete branch[keys.at(-1) ?? '']
}

/** Of its own to change. */
function clone<T extends Json>(value: T): T {
  return isJsonObject(value) || Array.isArray(value) ? structuredClone(value) : value
}
