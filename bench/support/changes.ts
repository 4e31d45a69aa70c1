import { createHash } from 'node:crypto'
import { createDevice } from '../../src/boards/rewards/client/device.ts'
import { keyFromSecret } from '../../src/cli/key-file.ts'
import { createClient } from '../../src/client/client.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import type { OurServer } from './our-server.ts'

/**
 * A device that connects and disconnects; each time `rewards.summary` changes, and the change is journaled.
 */
export type Changes = { start(): void; stop(): void }

/** A little less than the flush interval of 100 ms, so that every flush has a change, ms. */
const CHANGE_MILLIS = 90

/** Logs the device in. The server must allow it more than ten messages per second. */
export async function startChanges(server: OurServer): Promise<Changes> {
  const client = createClient({
    url: server.socket,
    encodeMsgpack: encodeWithMsgpackr,
    credentials: {
      type: 'key',
      key: keyFromSecret(createHash('sha256').update('bench changes').digest()),
      register: { device_name: 'bench' },
    },
  })
  client.connect()
  const device = createDevice(client)
  const first = await device.connect({ device_id: 'bench' })
  if (!first.ok) throw new Error(`the changing device was refused: ${first.error.message}`)
  let timer: ReturnType<typeof setInterval> | null = null
  let online = true
  let answered = true
  const change = async (): Promise<void> => {
    // On a busy machine the answer may take longer than the interval.
    if (!answered) return
    answered = false
    online = !online
    const result = await (online ? device.connect({ device_id: 'bench' }) : device.disconnect())
    if (!result.ok) throw new Error(`a change was refused: ${result.error.message}`)
    answered = true
  }
  return {
    start: () => {
      timer = setInterval(change, CHANGE_MILLIS)
    },
    stop: () => {
      if (timer !== null) clearInterval(timer)
      timer = null
    },
  }
}
