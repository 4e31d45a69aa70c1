/** The messages of a stream between a process and its supervisor, in both directions. */
export type RelayMessage =
  | { readonly type: 'texts'; readonly texts: readonly RelayText[] }
  /** Acknowledges so many texts of the other end, with so many UTF-16 units in them. */
  | { readonly type: 'taken'; readonly texts: number; readonly units: number }
  /** Only from a process: all topics that it subscribes to. */
  | { readonly type: 'follow'; readonly topics: readonly string[] }

export type RelayText = readonly [topic: string, text: string]

export type WindowedStreamDeps = {
  readonly send: (message: RelayMessage) => void
  readonly onText: (topic: string, text: string) => void
  readonly onFollow: (topics: readonly string[]) => void
  /** Runs something at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void
}

/** One end of a stream of texts, over a channel that has no bound of its own. */
export type WindowedStream = {
  /** Sends a text. Returns false, and drops it, when the window is full. */
  put(topic: string, text: string): boolean
  receive(message: RelayMessage): void
}

/**
 * Returns an end that sends the texts of one turn together, in order. The other end acknowledges what it has
 * handled, so that no more than {@link WINDOW} waits for one that is slow or hangs.
 */
export function createWindowedStream(deps: WindowedStreamDeps): WindowedStream {
  let batch: RelayText[] = []
  const unacknowledged = { texts: 0, units: 0 }
  const handled = { texts: 0, units: 0 }

  function flush(): void {
    const texts = batch
    batch = []
    deps.send({ type: 'texts', texts })
  }

  function receive(message: RelayMessage): void {
    switch (message.type) {
      case 'texts':
        for (const [topic, text] of message.texts) {
          deps.onText(topic, text)
          handled.texts += 1
          handled.units += text.length
        }
        if (handled.texts < ACKNOWLEDGE_AFTER.texts && handled.units < ACKNOWLEDGE_AFTER.units) return
        deps.send({ type: 'taken', ...handled })
        handled.texts = 0
        handled.units = 0
        break
      case 'taken':
        unacknowledged.texts -= message.texts
        unacknowledged.units -= message.units
        break
      case 'follow':
        deps.onFollow(message.topics)
        break
      default:
        message satisfies never
    }
  }

  return {
    put(topic, text) {
      if (unacknowledged.texts >= WINDOW.texts || unacknowledged.units >= WINDOW.units) return false
      unacknowledged.texts += 1
      unacknowledged.units += text.length
      if (batch.push([topic, text]) === 1) deps.defer(flush)
      return true
    },
    receive,
  }
}

/** What may be sent and not acknowledged. */
export const WINDOW = { texts: 8_192, units: 8 * 1024 * 1024 }

/**
 * How much is handled before it is acknowledged: far less than the window, or both ends would wait for ever.
 */
const ACKNOWLEDGE_AFTER = { texts: 64, units: 1024 * 1024 }
