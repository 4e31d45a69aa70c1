import type { Relay } from '../../src/relay/types.ts'
import { until } from './until.ts'

/** The texts that a relay has received on a topic. */
export type Inbox = {
  readonly texts: readonly string[]
  /** Waits until the newest text is this one. */
  endsWith(text: string): Promise<void>
  end(): void
}

/**
 * Subscribes to a topic; resolves as soon as texts of `from` arrive, which takes a moment if it is another
 * relay.
 */
export async function inboxOf(relay: Relay, topic: string, from: Relay): Promise<Inbox> {
  const texts: string[] = []
  let probes = 0
  let isThrough = false
  const end = relay.subscribe(topic, (text) => {
    if (text === PROBE) probes += 1
    else if (text === LAST_PROBE) isThrough = true
    else texts.push(text)
  })
  await until(() => {
    from.publish(topic, PROBE)
    return probes > 0
  }, `a first text on ${topic}`)
  // Once the last probe has arrived, none is on its way.
  from.publish(topic, LAST_PROBE)
  await until(() => isThrough, `the last probe on ${topic}`)
  return {
    texts,
    endsWith: (text) =>
      until(() => texts.at(-1) === text, `${text} on ${topic}, after ${texts.length} texts`),
    end,
  }
}

const PROBE = 'probe'
const LAST_PROBE = 'last probe'
