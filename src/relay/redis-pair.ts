import { createClient, type RedisClientOptions } from 'redis'

export type PairDeps = {
  /** As {@link addressOf} gives it. */
  readonly url: string
  readonly onMessage: (channel: string, message: string) => void
  /** Called at most once, when either connection cannot be had or is lost. */
  readonly onLost: (reason: string) => void
}

/** Two connections to one Redis, for one life: who loses them opens another pair. */
export type RedisPair = {
  /** Resolves when both serve; never rejects: `onLost` tells. */
  readonly ready: Promise<void>
  /** Resolves when Redis has it; rejects when that is not known. */
  publish(channel: string, message: string): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  /** Resolves when both connections have answered. */
  ping(): Promise<unknown>
  /**
   * Resolves when all that was published before has been answered for; may never. Nothing can be published
   * from then on.
   */
  finish(): Promise<unknown>
  close(): void
}

/**
 * Begins to connect. A connection that publishes and one that hears: Redis cuts a reader that is too slow
 * off, and that must not take along what we publish. The package's own reconnecting is off: it has no bound
 * for a server that is silent, and it would be a second path beside the one that such a server needs anyway.
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
