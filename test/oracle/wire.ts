import type { Frame, Publisher, Transport } from '../../src/live/ports.ts'
import type { Truth } from './world.ts'

/** An item on its way to a client: a frame, or a note of the test about what must hold from there on. */
export type Item =
  | { readonly type: 'frame'; readonly frame: Frame; readonly truth: Truth }
  /**
   * The end of the journal was lost: a client whose position is not in the journal must be told before
   * anything else.
   */
  | { readonly type: 'lost'; knows(epoch: number, seq: number): boolean }

/** The server's end of a socket. Sent frames are in `items` until the client reads them. */
export class Socket {
  readonly items: Item[] = []
  readonly topics = new Set<string>()
  /** The client reads nothing: sent frames count as waiting. */
  isStalled = false
  closedWith: number | null = null

  get buffered(): number {
    if (!this.isStalled) return 0
    return this.items.reduce((sum, item) => sum + (item.type === 'frame' ? item.frame.length : 0), 0)
  }
}

/**
 * A network that delivers in order. It may drop published frames (as a full socket buffer does), but no sent
 * ones.
 */
export class Wire {
  readonly topics = new Map<string, Set<Socket>>()
  dropsNext: () => boolean = () => false

  constructor(readonly truth: () => Truth) {}

  readonly transport: Transport<Socket> = {
    send: (socket, frame) => this.#deliver(socket, frame),
    buffered: (socket) => socket.buffered,
    join: (socket, topic) => {
      socket.topics.add(topic)
      const sockets = this.topics.get(topic) ?? new Set()
      this.topics.set(topic, sockets.add(socket))
    },
    leave: (socket, topic) => {
      if (!socket.topics.delete(topic)) throw new Error(`left ${topic} without being on it`)
      this.topics.get(topic)?.delete(socket)
    },
    cork: (_, work) => work(),
    close: (socket, code) => {
      if (socket.topics.size > 0) throw new Error(`closed while on ${[...socket.topics].join()}`)
      socket.closedWith = code
    },
  }

  readonly publisher: Publisher = {
    publish: (topic, frame) => {
      const sockets = this.topics.get(topic)
      if (sockets === undefined || sockets.size === 0) throw new Error(`published to nobody: ${topic}`)
      let congested = false
      for (const socket of sockets) {
        if (!this.dropsNext()) this.#deliver(socket, frame)
        if (socket.buffered > 0) congested = true
      }
      return congested ? 'congested' : 'delivered'
    },
  }

  #deliver(socket: Socket, frame: Frame): void {
    if (socket.closedWith === null) socket.items.push({ type: 'frame', frame, truth: this.truth() })
  }
}
