import { benchKey, loginMessage } from '../support/login-message.ts'

/**
 * A change as its sender knows it: `before` is the position that it led away from. Times in ms, monotonic.
 */
export type Change = { readonly before: number; readonly sentAt: number; readonly acknowledgedAt: number }

/** Makes one change after the other; the next one when the one before is acknowledged. */
export type ChangeSource = { change(): Promise<Change>; stop(): void }

/**
 * A device of a server, in JSON and by hand, so that a server that speaks another version of the protocol can
 * be measured too: it comes and goes, and each time `rewards.summary` changes.
 */
export async function deviceChanges(url: string): Promise<ChangeSource> {
  const socket = new WebSocket(`${url}?type=tui&format=json`)
  let online = false
  let seq = 0
  let sentAt = 0
  let answer = Promise.withResolvers<Change>()
  const send = (): Promise<Change> => {
    answer = Promise.withResolvers()
    online = !online
    sentAt = performance.now()
    socket.send(JSON.stringify(online ? { type: 'connect', device_id: 'bench', id: 'c' } : LEAVE))
    return answer.promise
  }
  socket.onclose = ({ code, reason }) => answer.reject(new Error(`the device was closed: ${code} ${reason}`))
  const ready = Promise.withResolvers<void>()
  socket.onmessage = ({ data }) => {
    const acknowledgedAt = performance.now()
    const message: { readonly type: string; readonly seq?: number } = JSON.parse(data)
    switch (message.type) {
      case 'hello':
        socket.send(loginMessage(data, benchKey('0')))
        break
      case 'authenticated':
        ready.resolve()
        break
      case 'ack':
        answer.resolve({ before: seq, sentAt, acknowledgedAt })
        seq = message.seq ?? seq
        break
      case 'error':
        ready.reject(new Error(data))
        answer.reject(new Error(data))
        break
    }
  }
  await ready.promise
  // The position of the first one is not known before.
  await send()
  await send()
  return { change: send, stop: () => socket.close() }
}

const LEAVE = { type: 'disconnect', id: 'd' }

/**
 * The control: the sender's text is the frame, and acknowledged when it comes back. `size` is in characters.
 */
export async function rawChanges(url: string, size: number): Promise<ChangeSource> {
  const socket = new WebSocket(`${url}?subscribe`)
  let seq = 0
  let sentAt = 0
  let answer = Promise.withResolvers<Change>()
  const opened = Promise.withResolvers<void>()
  socket.onopen = () => opened.resolve()
  socket.onmessage = () => answer.resolve({ before: seq - 1, sentAt, acknowledgedAt: performance.now() })
  await opened.promise
  return {
    change() {
      answer = Promise.withResolvers()
      const text = `{"type":"update","from":${seq},"seq":${++seq},"data":"`
      sentAt = performance.now()
      socket.send(`${text}${'x'.repeat(Math.max(0, size - text.length - 2))}"}`)
      return answer.promise
    },
    stop: () => socket.close(),
  }
}
