import type { JsonObject } from '../../src/core/json.ts'
import { type LoginKey, openLoggedIn, type Received } from '../e2e/raw-socket.ts'
import type { LocalNode } from './local-cluster.ts'

export type Ack = { readonly ack?: 'replicated' }

/** A user's socket on one node, to be a device with. */
export async function openDevice(node: LocalNode, key: LoginKey, ack: Ack = {}) {
  const socket = await openLoggedIn(`${node.socketUrl}/ws?format=json`, key)
  let asked = 0
  /** Sends a message and returns its `ack` or `error`, which may take longer than a socket usually waits. */
  async function say(message: JsonObject, id = `m${++asked}`): Promise<Received> {
    socket.send({ ...message, ...ack, id })
    for (;;) {
      const answer = await socket.next()
      if (answer.id === id) return answer
    }
  }
  const must = async (message: JsonObject): Promise<void> => {
    const answer = await say(message)
    if (answer.type !== 'ack') throw new Error(`${String(message.type)}: ${JSON.stringify(answer)}`)
  }
  return {
    user: String(socket.user.id),
    say,
    online: (device: string) => must({ type: 'connect', device_id: device }),
    offline: () => must({ type: 'disconnect' }),
    /** Comes online under this name, and leaves again; both are acknowledged. */
    async visit(device: string) {
      await must({ type: 'connect', device_id: device })
      await must({ type: 'disconnect' })
    },
    close: () => socket.close(),
    closed: socket.closed,
  }
}

export type OpenDevice = Awaited<ReturnType<typeof openDevice>>
