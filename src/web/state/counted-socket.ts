import type { OpenSocket } from '../../client/api.ts'
import type { Frame } from '../../protocol/connection.ts'

/** Bytes of all frames so far in both directions, over all reconnects. */
export type Traffic = { readonly received: number; readonly sent: number }

/**
 * Returns sockets that count the bytes they carry: payloads only, because a page cannot see the headers of
 * frames.
 */
export function countTraffic(open: OpenSocket): { readonly open: OpenSocket; traffic(): Traffic } {
  let received = 0
  let sent = 0
  return {
    traffic: () => ({ received, sent }),
    open: (url, events) => {
      const socket = open(url, {
        ...events,
        received(frame) {
          received += sizeOf(frame)
          events.received(frame)
        },
      })
      return {
        ...socket,
        send(frame) {
          sent += sizeOf(frame)
          socket.send(frame)
        },
      }
    },
  }
}

const UTF8 = new TextEncoder()

function sizeOf(frame: Frame): number {
  return typeof frame === 'string' ? UTF8.encode(frame).length : frame.length
}
