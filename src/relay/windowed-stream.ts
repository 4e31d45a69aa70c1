/** What goes over the channel between a process and its supervisor, in both directions. */
export type RelayMessage =
  | { readonly type: 'texts'; readonly texts: readonly RelayText[] }
  /** So many of the other side's texts, and units of UTF-16 in them, have been taken. */
  | { readonly type: 'taken'; readonly texts: number; readonly units: number }
  /** From a process alone: all the topics that it wants to hear. */
  | { readonly type: 'follow'; readonly topics: readonly string[] }

export type RelayText = readonly [topic: string, text: string]

export type WindowedStreamDeps = {
  readonly send: (message: RelayMessage) => void
  readonly take: (topic: string, text: string) => void
  readonly follow: (topics: readonly string[]) => void
  /** Runs something at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void
}

/** One end of a relay over a channel that has no bound of its own. */
export type WindowedStream = {
  /** False when the other side has not taken enough of what was sent before: the text is dropped. */
  put(topic: string, text: string): boolean
  receive(message: RelayMessage): void
}

/**
 * Sends the texts of one turn together, in order. The other side says what it has taken, so no more than
 * {@link WINDOW} waits for one that is slow or hangs.
 */
export function createWindowedStream(deps: WindowedStreamDeps): WindowedStream {
  let batch: RelayText[] = []
  const open = { texts: 0, units: 0 }
  const taken = { texts: 0, units: 0 }

  function flush(): void {
    const texts = batch
    batch = []
    deps.send({ type: 'texts', texts })
  }

  function receive(message: RelayMessage): void {
    switch (message.type) {
      case 'texts':
        for (const [topic, text] of message.texts) {
          deps.take(topic, text)
          taken.texts += 1
          taken.units += text.length
        }
        if (taken.texts < TELL.texts && taken.units < TELL.units) return
        deps.send({ type: 'taken', ...taken })
        taken.texts = 0
        taken.units = 0
        break
      case 'taken':
        open.texts -= message.texts
        open.units -= message.units
        break
      case 'follow':
        deps.follow(message.topics)
        break
      default:
        message satisfies never
    }
  }

  return {
    put(topic, text) {
      if (open.texts >= WINDOW.texts || open.units >= WINDOW.units) return false
      open.texts += 1
      open.units += text.length
      if (batch.push([topic, text]) === 1) deps.defer(flush)
      return true
    },
    receive,
  }
}

/** What may wait for the other side. */
export const WINDOW = { texts: 8_192, units: 8 * 1024 * 1024 }

/** How much is taken before the other side is told; far less than the window, or both would wait for ever. */
const TELL = { texts: 64, units: 1024 * 1024 }
