/**
 * A process that holds many client sockets and counts what they receive: raw ones, or ones that use the
 * protocol in JSON with as little code as possible, because they share the processors with the server that is
 * measured.
 */
import { OPERATOR_HEADER } from '../../src/cli/operator-key.ts'
import { benchKey, loginMessage } from './login-message.ts'

export type Holding = {
  readonly url: string
  readonly sockets: number
  /** Number of the first socket; the key of a member is derived from its number. */
  readonly first: number
  /** `raw` sends nothing; the others use the protocol, a `member` after a login with its own key. */
  readonly kind: 'raw' | 'reader' | 'member'
  readonly channels: readonly string[]
  /**
   * How many of the channels each socket reads, starting after those of the socket before; null: all of them.
   */
  readonly channelsEach: number | null
  /** The operator key of the server, which allows many new users from one address. */
  readonly operatorKey: string | null
}

export type HolderCommand = { readonly type: 'hold'; readonly holding: Holding } | { readonly type: 'count' }

/** `sample`: some of the last frames. */
export type HolderAnswer =
  | { readonly type: 'listening' }
  | { readonly type: 'held' }
  | {
      readonly type: 'counted'
      readonly frames: number
      readonly bytes: number
      readonly sample: readonly string[]
    }
  | { readonly type: 'lost'; readonly reason: string }

const OPENING_AT_ONCE = 64
const HEARTBEAT_MILLIS = 25_000
const SAMPLE = 32

let [frames, bytes] = [0, 0]
let sample: string[] = []
const open: WebSocket[] = []

process.on('message', (command: HolderCommand) => {
  switch (command.type) {
    case 'hold':
      void hold(command.holding)
      break
    case 'count':
      tell({ type: 'counted', frames, bytes, sample })
      sample = []
      break
  }
})
process.on('disconnect', () => process.exit(0))
tell({ type: 'listening' })

async function hold(holding: Holding): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < holding.sockets) await openOne(holding, holding.first + next++)
  }
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, lane))
  if (holding.kind !== 'raw') setInterval(beat, HEARTBEAT_MILLIS / 50)
  tell({ type: 'held' })
}

/** Resolves when the socket is open and, by its kind, subscribed or logged in and subscribed. */
function openOne(holding: Holding, number: number): Promise<void> {
  const { url, operatorKey } = holding
  const headers = operatorKey === null ? {} : { [OPERATOR_HEADER]: operatorKey }
  const socket: WebSocket = Reflect.construct(WebSocket, [url, { headers }])
  open.push(socket)
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.onclose = ({ code, reason }) => tell({ type: 'lost', reason: `${code} ${reason}` })
  if (holding.kind === 'raw') {
    socket.onopen = () => resolve()
    socket.onmessage = count
    return promise
  }
  socket.onmessage = ({ data }) => {
    const message: { readonly type: string } = JSON.parse(data)
    switch (message.type) {
      case 'hello':
        socket.send(
          holding.kind === 'member'
            ? loginMessage(data, benchKey(String(number)))
            : subscribe(holding, number),
        )
        break
      case 'authenticated':
        socket.send(subscribe(holding, number))
        break
      case 'caught_up':
        socket.onmessage = count
        resolve()
        break
      case 'error':
        tell({ type: 'lost', reason: data })
        break
    }
  }
  return promise
}

function subscribe({ channels, channelsEach }: Holding, number: number): string {
  const own =
    channelsEach === null
      ? channels
      : Array.from(
          { length: channelsEach },
          (_, n) => channels[(number * channelsEach + n) % channels.length],
        )
  return JSON.stringify({ type: 'subscribe', channels: own })
}

function count({ data }: MessageEvent<string>): void {
  frames++
  bytes += data.length
  if (sample.length < SAMPLE) sample.push(data)
}

let beating = 0
/** Sends heartbeats of a fiftieth of the sockets, so that they are distributed evenly in time. */
function beat(): void {
  const share = Math.ceil(open.length / 50)
  for (let sent = 0; sent < share; sent++) open[beating++ % open.length]?.send('{"type":"heartbeat"}')
}

function tell(answer: HolderAnswer): void {
  process.send?.(answer)
}
