import type { JsonObject } from '../../src/core/json.ts'
import { type LoginKey, newKey, openLoggedIn, type RawSocket } from '../../test/e2e/raw-socket.ts'

/**
 * A device that connects and disconnects at one node, one change at a time, and continues after failures of
 * the node.
 */
export type Writes = {
  /**
   * Resolves when a change that was sent after `from` (`performance.now()`) has been acknowledged, with the
   * time of that.
   */
  acknowledged(from: number): Promise<number>
  /** Returns the longest time between two acknowledgements since `from`, ms. */
  longestGap(from: number): number
  stop(): Promise<void>
}

/** Between two changes, ms. Shorter than the commit interval would measure that interval. */
const PAUSE = 60
const RETRY = 20

/** Starts the device; `url` is the address of the node for sockets. */
export function startWrites(url: string): Writes {
  const key = newKey()
  const acknowledged: number[] = []
  const waiting = new Set<{ readonly from: number; readonly resolve: (at: number) => void }>()
  let stopping = false

  const note = (sentAt: number): void => {
    const at = performance.now()
    acknowledged.push(at)
    for (const entry of waiting) {
      if (sentAt < entry.from) continue
      waiting.delete(entry)
      entry.resolve(at)
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping) {
      const socket = await openDevice(url, key).catch(() => null)
      while (socket !== null && !stopping) {
        const sentAt = performance.now()
        const isStored = await socket.change().catch(() => null)
        if (isStored === null) break
        if (isStored) note(sentAt)
        await Bun.sleep(isStored ? PAUSE : RETRY)
      }
      socket?.close()
      await Bun.sleep(RETRY)
    }
  }
  const ended = run()
  return {
    acknowledged: (from) =>
      new Promise((resolve) => {
        waiting.add({ from, resolve })
      }),
    longestGap(from) {
      const times = acknowledged.filter((at) => at >= from)
      return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
    },
    async stop() {
      stopping = true
      await ended
    },
  }
}

/**
 * A socket that is logged in, and whose device connects with the first change, disconnects with the next, and
 * so on.
 */
export type DeviceSocket = {
  /** Resolves to false when the change is refused. Rejects when the socket is closed. */
  change(): Promise<boolean>
  close(): void
}

export async function openDevice(url: string, key: LoginKey): Promise<DeviceSocket> {
  const socket: RawSocket = await openLoggedIn(`${url}/ws?format=json`, key)
  const name = crypto.randomUUID()
  let number = 0
  let isOnline = false
  return {
    async change() {
      const id = `${name}-${number++}`
      const message: JsonObject = isOnline
        ? { type: 'disconnect', id }
        : { type: 'connect', device_id: 'bench', id }
      socket.send(message)
      for (;;) {
        const answer = await socket.next()
        if (answer.id !== id) continue
        if (answer.type !== 'ack') return false
        isOnline = !isOnline
        return true
      }
    },
    close: socket.close,
  }
}
