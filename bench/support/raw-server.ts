/**
 * The control: only Bun's sockets, in another process, which takes commands over IPC. What a socket sends is
 * published to all subscribers.
 */

/** `publish`: publishes these frames in turn, one every `millis`, until `pause`. */
export type RawCommand =
  | { readonly type: 'publish'; readonly frames: readonly string[]; readonly millis: number }
  | { readonly type: 'pause' }

export type RawAnswer = { readonly type: 'listening'; readonly port: number } | { readonly type: 'paused' }

const TOPIC = 'all'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const subscribe = new URL(request.url).searchParams.has('subscribe')
    return self.upgrade(request, { data: { subscribe } }) ? undefined : new Response('raw')
  },
  websocket: {
    data: { subscribe: false },
    perMessageDeflate: false,
    idleTimeout: 0,
    open(socket) {
      if (socket.data.subscribe) socket.subscribe(TOPIC)
    },
    message: (_, text) => void server.publish(TOPIC, text, false),
  },
})

let timer: ReturnType<typeof setInterval> | null = null

process.on('message', (command: RawCommand) => {
  if (timer !== null) clearInterval(timer)
  timer = null
  switch (command.type) {
    case 'publish': {
      let next = 0
      timer = setInterval(() => {
        const frame = command.frames[next++ % command.frames.length]
        if (frame !== undefined) server.publish(TOPIC, frame, false)
      }, command.millis)
      break
    }
    case 'pause':
      tell({ type: 'paused' })
      break
  }
})
process.on('disconnect', () => process.exit(0))
tell({ type: 'listening', port: server.port ?? 0 })

function tell(answer: RawAnswer): void {
  process.send?.(answer)
}
