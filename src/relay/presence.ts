import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Millis } from '../core/clock.ts'
import type { Relay } from './types.ts'

/**
 * The announcement of a host, once a second. Other fields are allowed; one of these that is missing is not.
 */
const Announcement = Type.Object({
  /** Of this life of the host: a name may be given twice by mistake. */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  node: Type.String({ minLength: 1, maxLength: 256 }),
  region: Type.String({ maxLength: 64 }),
  connections: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  /** The last announcement: the host ends. */
  leaving: Type.Optional(Type.Boolean()),
})
const announcement = TypeCompiler.Compile(Announcement)

/** The number of hosts that are present, this one included, and of their open sockets. */
export type PresenceTotal = { readonly hosts: number; readonly connections: number }

export type HostPresence = Pick<Static<typeof Announcement>, 'node' | 'region' | 'connections'>

export type PresenceDeps = {
  readonly id: string
  readonly node: string
  /** Empty without a region. */
  readonly region: string
  /** Open sockets of this host. */
  readonly connections: () => number
  /** Monotonic time, ms. */
  readonly now: () => Millis
}

/** The hosts that are present, and how many clients they have. */
export type Presence = {
  /** Returns the text that announces this host. */
  announcement(leaving: boolean): string
  /** Takes the announcement of another host. Any other text is ignored. */
  receive(text: string): void
  /** Returns this host, and every other one that was announced within {@link PRESENCE_TIMEOUT}. */
  hosts(): readonly HostPresence[]
  total(): PresenceTotal
}

/** Returns a presence that knows this host alone. */
export function createPresence(deps: PresenceDeps): Presence {
  const { id, node, region, now } = deps
  const others = new Map<string, HostPresence & { readonly at: Millis }>()
  const self = (): HostPresence => ({ node, region, connections: deps.connections() })

  function receive(text: string): void {
    const announced = text.length > MAX_ANNOUNCEMENT_LENGTH ? null : parse(text)
    if (announced === null || announced.id === id) return
    others.delete(announced.id)
    if (announced.leaving) return
    if (others.size >= MAX_HOSTS) forgetSilent()
    if (others.size >= MAX_HOSTS) return
    others.set(announced.id, {
      node: announced.node,
      region: announced.region,
      connections: announced.connections,
      at: now(),
    })
  }

  function forgetSilent(): void {
    const oldest = now() - PRESENCE_TIMEOUT
    for (const [other, { at }] of others) if (at < oldest) others.delete(other)
  }

  function hosts(): readonly HostPresence[] {
    forgetSilent()
    return [self(), ...[...others.values()].map(({ at: _, ...host }) => host)]
  }

  return {
    announcement: (leaving) => JSON.stringify({ id, ...self(), ...(leaving ? { leaving } : {}) }),
    receive,
    hosts,
    total() {
      const all = hosts()
      return { hosts: all.length, connections: all.reduce((sum, { connections }) => sum + connections, 0) }
    },
  }
}

/**
 * Announces this host on the relay, and receives the announcements of the others. Returns a function that
 * ends it, with a last announcement.
 */
export function keepPresence(
  presence: Presence,
  relay: Relay,
  every: (period: Millis, run: () => void) => () => void,
): () => void {
  const unsubscribe = relay.subscribe(TOPIC, presence.receive)
  const announce = (leaving: boolean) => void relay.publish(TOPIC, presence.announcement(leaving))
  announce(false)
  const stop = every(ANNOUNCE_INTERVAL, () => announce(false))
  return () => {
    stop()
    announce(true)
    unsubscribe()
  }
}

function parse(text: string): Static<typeof Announcement> | null {
  try {
    const value: unknown = JSON.parse(text)
    return announcement.Check(value) ? value : null
  } catch {
    return null
  }
}

const TOPIC = 'presence'
const ANNOUNCE_INTERVAL: Millis = 1_000
/** A host is gone after five announcements that did not come. */
export const PRESENCE_TIMEOUT: Millis = 5_000
/** UTF-16 units of an announcement. */
const MAX_ANNOUNCEMENT_LENGTH = 1_024
/** Any client of the Redis could announce any number of hosts. */
const MAX_HOSTS = 1_000
