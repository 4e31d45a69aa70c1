import type { CommandBus } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import { createCommandQueue, QUEUE_DEFAULTS } from '../journal/command-queue.ts'
import { createLinkRelay } from '../relay/link-relay.ts'
import type { Relay, RelayParts } from '../relay/types.ts'
import {
  BEAT,
  type Channel,
  type HostState,
  type ToServing,
  type ToSupervisor,
  type Welcome,
} from './process-protocol.ts'

export type ServingParts = {
  readonly channel: Channel
  /** After every commit of the host, before commands of this process that were in it are answered. */
  readonly onCommit: () => void
  /** How the host is, with every beat and whenever it changes. */
  readonly onState: (state: HostState) => void
  /** The supervisor wants this process to say goodbye and end. */
  readonly onStop: () => void
  /** The supervisor is gone, and the writer with it; unanswered commands have been answered as unknown by then. */
  readonly onGone: () => void
  /** How this process is, at each beat. */
  readonly status: () => { readonly connections: number; readonly seq: number }
  /** This process's own metrics as Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly relay: RelayParts
}

/** A serving process's way to its supervisor, and through it to the writer. */
export type ServingLink = {
  readonly welcome: Welcome
  readonly bus: CommandBus
  readonly relay: Relay
  /** What the supervisor last said of the host. */
  state(): HostState
  /** Tells that this process serves. Beats from then on. */
  ready(): void
  /** Tells why it does not. */
  failed(lines: readonly string[]): void
  /** The metrics of all processes; this process's own alone when the supervisor does not answer. */
  metrics(): Promise<string>
  /** Refuses new commands; resolves when all earlier ones are answered. */
  drain(): Promise<void>
}

/** Waits for the supervisor's welcome. Never resolves without it: `onGone` is then what happens. */
export function linkToSupervisor(parts: ServingParts): Promise<ServingLink> {
  const { channel } = parts
  const post = (message: ToSupervisor) => channel.send(JSON.stringify(message))
  const welcomed = Promise.withResolvers<ServingLink>()
  const queue = createCommandQueue({
    ...QUEUE_DEFAULTS,
    // A ToSupervisor of type commands, put together from text that is printed already.
    post: (commands) => channel.send(`{"type":"commands","commands":[${commands.join(',')}]}`),
    defer: setImmediate,
  })
  const { relay, ...relayEnd } = createLinkRelay({
    ...parts.relay,
    send: (message) => post({ type: 'relay', relay: message }),
    defer: setImmediate,
  })
  const scrapes = new Map<number, (text: string) => void>()
  let scraped = 0
  let beating: ReturnType<typeof setInterval> | null = null
  let state: HostState | null = null

  function receive(message: ToServing): void {
    switch (message.type) {
      case 'welcome':
        state = message.state
        welcomed.resolve(link(message.welcome, message.state))
        break
      case 'committed':
        if (state !== null) state = { ...state, position: message.position }
        parts.onCommit()
        break
      case 'answers':
        queue.answer(message.results)
        break
      case 'state':
        state = message.state
        parts.onState(message.state)
        break
      case 'collect':
        void collect(message.id)
        break
      case 'metrics':
        scrapes.get(message.id)?.(message.text)
        break
      case 'relay':
        relayEnd.receive(message.relay)
        break
      case 'stop':
        parts.onStop()
        break
      default:
        message satisfies never
    }
  }

  async function collect(id: number): Promise<void> {
    const text = await parts.metrics().catch(() => '')
    post({ type: 'collected', id, text })
  }

  function metrics(): Promise<string> {
    const id = ++scraped
    const { promise, resolve } = Promise.withResolvers<string>()
    scrapes.set(id, resolve)
    post({ type: 'scrape', id })
    const alone = setTimeout(() => parts.metrics().then(resolve, () => resolve('')), SCRAPE_PATIENCE)
    return promise.finally(() => {
      clearTimeout(alone)
      scrapes.delete(id)
    })
  }

  const link = (welcome: Welcome, first: HostState): ServingLink => ({
    welcome,
    bus: queue,
    relay,
    state: () => state ?? first,
    ready() {
      post({ type: 'ready' })
      beating = setInterval(() => post({ type: 'status', ...parts.status() }), BEAT)
    },
    failed: (lines) => post({ type: 'failed', lines }),
    metrics,
    drain: queue.drain,
  })

  channel.onText((text) => receive(JSON.parse(text)))
  channel.onEnd(() => {
    if (beating !== null) clearInterval(beating)
    queue.fail(GONE)
    relayEnd.ended()
    parts.onGone()
  })
  post({ type: 'hello' })
  return welcomed.promise
}

/** Longer than the supervisor waits for a process that does not answer, ms. */
const SCRAPE_PATIENCE = 2_000

const GONE = appError(
  'ServiceUnavailable',
  'The writer is gone: this change may or may not have been stored. Send it again, with the same id.',
  1_000,
)
