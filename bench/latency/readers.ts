/** The frame of one change at one socket: it leads from one position to another. `at` is in ms, monotonic. */
export type Arrival = { readonly from: number; readonly seq: number; readonly at: number }

/** Sockets of this process that note every update that they get. */
export type Readers = {
  /** What came since the last call, over all sockets. */
  take(): readonly Arrival[]
  stop(): void
}

const OPENING_AT_ONCE = 64
const HEARTBEAT_INTERVAL = 20_000
const POSITIONS = /"from":(\d+),"seq":(\d+)/

/** Opens so many sockets that read the channel, in JSON; or raw ones, which are sent everything unasked. */
export async function openReaders(url: string, sockets: number, channel: string | null): Promise<Readers> {
  let arrivals: Arrival[] = []
  let stopping = false
  const open: WebSocket[] = []
  const note = ({ data }: MessageEvent<string>): void => {
    const at = performance.now()
    const positions = POSITIONS.exec(data)
    if (positions !== null) arrivals.push({ from: Number(positions[1]), seq: Number(positions[2]), at })
  }
  const openOne = (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = new WebSocket(url)
    open.push(socket)
    socket.onclose = ({ code, reason }) => {
      if (!stopping) reject(new Error(`a socket of ${url} was lost: ${code} ${reason}`))
    }
    if (channel === null) {
      socket.onopen = () => resolve()
      socket.onmessage = note
      return promise
    }
    socket.onmessage = ({ data }) => {
      const { type }: { readonly type: string } = JSON.parse(data)
      if (type === 'hello') socket.send(JSON.stringify({ type: 'subscribe', channels: [channel] }))
      if (type === 'error') reject(new Error(data))
      if (type !== 'caught_up') return
      socket.onmessage = note
      resolve()
    }
    return promise
  }
  for (let opened = 0; opened < sockets; opened += OPENING_AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, sockets - opened) }, openOne))
  const beating = setInterval(() => {
    if (channel !== null) for (const socket of open) socket.send('{"type":"heartbeat"}')
  }, HEARTBEAT_INTERVAL)
  return {
    take() {
      const taken = arrivals
      arrivals = []
      return taken
    },
    stop() {
      stopping = true
      clearInterval(beating)
      for (const socket of open) socket.close()
    },
  }
}
