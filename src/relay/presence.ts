import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Millis } from '../core/clock.ts'
import type { Relay } from './types.ts'

/** What a host says of itself once a second. Others may add fields; who has none of these is not believed. */
const Announcement = Type.Object({
  /** Of this run of the host: a name may be given twice by mistake. */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  node: Type.String({ minLength: 1, maxLength: 256 }),
  region: Type.String({ maxLength: 64 }),
  connections: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  /** Its last word: it ends. */
  leaving: Type.Optional(Type.Boolean()),
})
const announcement = TypeCompiler.Compile(Announcement)

/** All hosts heard of, this one included, and their open sockets. */
export type PresenceTotal = { readonly hosts: number; readonly connections: number }

export type HostPresence = Pick<Static<typeof Announcement>, 'node' | 'region' | 'connections'>

export type PresenceDeps = {
  readonly id: string
  readonly node: string
  /** Empty when there is none. */
  readonly region: string
  /** Open sockets of this host. */
  readonly connections: () => number
  /** Of a clock that never jumps. */
  readonly now: () => Millis
}

/** Which hosts there are, and how many clients they have. */
export type Presence = {
  /** What the others are to be told. */
  announce(leaving: boolean): string
  /** Takes what another host said; anything else is ignored. */
  heard(text: string): void
  /** This host, and every other one that was heard of within {@link SILENCE}. */
  hosts(): readonly HostPresence[]
  total(): PresenceTotal
}

/** Knows this host alone at first. */
export function createPresence(deps: PresenceDeps): Presence {
  const { id, node, region, now } = deps
  const others = new Map<string, HostPresence & { readonly at: Millis }>()
  const self = (): HostPresence => ({ node, region, connections: deps.connections() })

  function heard(text: string): void {
    const said = text.length > LONGEST ? null : parse(text)
    if (said === null || said.id === id) return
    others.delete(said.id)
    if (said.leaving) return
    if (others.size >= MOST) forgetSilent()
    if (others.size >= MOST) return
    others.set(said.id, {
      node: said.node,
      region: said.region,
      connections: said.connections,
      at: now(),
    })
  }

  function forgetSilent(): void {
    const oldest = now() - SILENCE
    for (const [other, { at }] of others) if (at < oldest) others.delete(other)
  }

  function hosts(): readonly HostPresence[] {
    forgetSilent()
    return [self(), ...[...others.values()].map(({ at: _, ...host }) => host)]
  }

  return {
    announce: (leaving) => JSON.stringify({ id, ...self(), ...(leaving ? { leaving } : {}) }),
    heard,
    hosts,
    total() {
      const all = hosts()
      return { hosts: all.length, connections: all.reduce((sum, { connections }) => sum + connections, 0) }
    },
  }
}

/** Announces this host on the relay and gathers the others; answers how to end it, which tells them so. */
export function keepPresence(
  presence: Presence,
  relay: Relay,
  every: (period: Millis, run: () => void) => () => void,
): () => void {
  const unsubscribe = relay.subscribe(TOPIC, presence.heard)
  const announce = (leaving: boolean) => void relay.publish(TOPIC, presence.announce(leaving))
  announce(false)
  const stop = every(PERIOD, () => announce(false))
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
const PERIOD: Millis = 1_000
/** Five announcements that did not come. */
export const SILENCE: Millis = 5_000
/** Units of UTF-16 in an announcement. */
const LONGEST = 1_024
/** Hosts; somebody at the Redis could announce any number. */
const MOST = 1_000
