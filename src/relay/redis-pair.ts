import { createClient, type RedisClientOptions } from 'redis'

export type PairDeps = {
  /** As {@link addressOf} returns it. */
  readonly url: string
  readonly onMessage: (channel: string, message: string) => void
  /** Called at most once, when either connection fails to open or is lost. */
  readonly onLost: (reason: string) => void
}

/** Two connections to one Redis. They do not reconnect: after a loss another pair is opened. */
export type RedisPair = {
  /** Resolves when both are open. Never rejects: `onLost` is called instead. */
  readonly ready: Promise<void>
  /** Resolves when Redis has it; rejects when that is not known. */
  publish(channel: string, message: string): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  /** Resolves when both connections have answered. */
  ping(): Promise<unknown>
  /**
   * Resolves when Redis has answered for every text that was published before, which may never be. Nothing
   * can be published from then on.
   */
  finish(): Promise<unknown>
  close(): void
}

/**
 * Begins to connect. One connection publishes and one subscribes: Redis cuts off a subscriber that is too
 * slow, and published texts must not be lost with it. The package's own reconnecting is off: it has no
 * timeout for a server that is silent, and such a server needs another way of reconnecting anyway.
 */
export function openRedisPair({ url, onMessage, onLost }: PairDeps): RedisPair {
  let ended = false
  const publisher = createClient(optionsFor(url))
  const subscriber = createClient(optionsFor(url))
  const clients = [publisher, subscriber]
  const listen = (message: string, channel: string) => onMessage(channel, message)

  function close(): void {
    ended = true
    for (const client of clients) client.destroy()
  }
  function lost(error: unknown): void {
    if (ended) return
    close()
    onLost(error instanceof Error ? error.message : String(error))
  }

  for (const client of clients) client.on('error', lost)
  const ready = Promise.withResolvers<void>()
  Promise.all(clients.map((client) => client.connect())).then(() => {
    if (!ended) ready.resolve()
  }, lost)
  return {
    ready: ready.promise,
    publish: (channel, message) => publisher.publish(channel, message),
    subscribe: (channel) => subscriber.subscribe(channel, listen),
    unsubscribe: (channel) => subscriber.unsubscribe(channel, listen),
    ping: () => Promise.all(clients.map((client) => client.ping())),
    finish: () => publisher.close(),
    close,
  }
}

function optionsFor(url: string) {
  return {
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: false },
    // A service of Redis's own cloud; asking others for it costs an error at each start.
    maintNotifications: 'disabled',
  } as const satisfies RedisClientOptions
}
