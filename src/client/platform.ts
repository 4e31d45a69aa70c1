import type { Clock, Random } from '../core/clock.ts'
import { systemClock, systemRandom } from '../core/clock.ts'
import type { OpenSocket, Timers } from './api.ts'

/**
 * Returns a function that opens sockets by the platform's own WebSocket (browser, Bun, Node 22). `headers`
 * are sent with the upgrade request where the platform can do that, which is Bun only.
 */
export function platformSocket(headers?: { readonly [name: string]: string }): OpenSocket {
  return (url, events) => {
    // The DOM's types do not know the options that Bun's constructor takes.
    const socket: WebSocket = Reflect.construct(WebSocket, headers === undefined ? [url] : [url, { headers }])
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => events.opened()
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') events.received(data)
      else if (data instanceof ArrayBuffer) events.received(new Uint8Array(data))
    }
    socket.onclose = ({ code, reason }) => events.closed(code, reason)
    return {
      send(frame) {
        // A frame for a socket that is closing is lost, as one in flight would be; the client sends again
        // what matters.
        if (socket.readyState !== WebSocket.OPEN) return
        socket.send(typeof frame === 'string' ? frame : new Uint8Array(frame))
      },
      close: (code, reason) => socket.close(code, reason),
    }
  }
}

export const systemTimers: Timers = {
  after(millis, call) {
    const timer = setTimeout(call, millis)
    return () => clearTimeout(timer)
  },
}

/** Returns a random number from 0 up to, but not including, 1. */
export function fraction(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4)
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 0x1_0000_0000
}

export const PLATFORM: { readonly clock: Clock; readonly random: Random; readonly timers: Timers } = {
  clock: systemClock,
  random: systemRandom,
  timers: systemTimers,
}
