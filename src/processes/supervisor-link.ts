import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import { createForwardingClient } from '../forwarding/client.ts'
import type { Transport } from '../forwarding/transport.ts'
import { QUEUE_DEFAULTS } from '../journal/command-queue.ts'
import { createLinkRelay } from '../relay/link-relay.ts'
import type { Relay, RelayDeps } from '../relay/types.ts'
import type { HostStatus } from './host-status.ts'
import {
  PROCESS_HEARTBEAT,
  readFromSupervisor,
  type Serving,
  type Supervisor,
  type SupervisorNotice,
  type Welcome,
} from './process-messages.ts'
import { createTextRequests } from './text-requests.ts'

export type SupervisorLinkDeps = {
  readonly channel: Transport
  /** After every commit of the host, before commands of this process that were in it are answered. */
  readonly onCommit: () => void
  /** The status of the host, with every heartbeat and whenever it changes. */
  readonly onHost: (host: HostStatus) => void
  /** The supervisor wants this process to close its sockets and end. */
  readonly onStop: () => void
  /** The supervisor is gone, and the writer with it; unanswered commands were answered as unknown by then. */
  readonly onGone: () => void
  readonly relay: RelayDeps
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
  /** Runs something again and again. Returns a function that ends it. */
  readonly every: (period: Millis, run: () => void) => () => void
}

/** What a serving process reports of itself. */
export type SupervisorReports = {
  /** Returns the status of this process; asked at each heartbeat. */
  readonly status: () => Serving['status']
  /** Returns this process's own metrics as Prometheus text. */
  readonly metrics: () => Promise<string>
}

/** A serving process's link to its supervisor, and through it to the writer. */
export type SupervisorLink = {
  readonly welcome: Welcome
  readonly bus: CommandBus
  readonly relay: Relay
  /** Returns the last status of the host. */
  host(): HostStatus
  /** Tells that this process serves. It sends heartbeats, with its reports, from then on. */
  ready(reports: SupervisorReports): void
  /** Tells why it does not. */
  failed(lines: readonly string[]): void
  /** Returns the metrics of all processes; this process's own alone when the supervisor does not answer. */
  metrics(): Promise<string>
  /** Refuses new commands; resolves when all earlier ones are answered. */
  drain(): Promise<void>
}

/**
 * Resolves with the supervisor's greeting. Without a supervisor it never resolves, and `onGone` is called.
 */
export function linkToSupervisor(deps: SupervisorLinkDeps): Promise<SupervisorLink> {
  const linked = Promise.withResolvers<SupervisorLink>()
  let host: HostStatus | null = null
  let reports: SupervisorReports = STARTING
  const client = createForwardingClient<Serving, Supervisor>({
    transport: deps.channel,
    read: readFromSupervisor,
    greeting: {},
    status: () => reports.status(),
    onGreeting(welcome) {
      host = welcome.host
      linked.resolve(link(welcome))
    },
    onStatus(status) {
      host = status
      deps.onHost(status)
    },
    onPosition(position) {
      if (host !== null) host = { ...host, position }
      deps.onCommit()
    },
    onNotice,
    onEnd() {
      relayEnd.ended()
      deps.onGone()
    },
    lost: WRITER_GONE,
    queue: QUEUE_DEFAULTS,
    // A supervisor may be silent as long as it likes: its channel ends with it.
    heartbeat: { ...PROCESS_HEARTBEAT, timeout: Infinity },
    every: deps.every,
  })
  const { relay, ...relayEnd } = createLinkRelay({
    ...deps.relay,
    send: (message) => client.notice({ type: 'relay', relay: message }),
    defer: setImmediate,
  })
  const scrapes = createTextRequests({ timeout: SCRAPE_TIMEOUT, after: deps.after })

  function onNotice(notice: SupervisorNotice): void {
    switch (notice.type) {
      case 'collect':
        void collect(notice.id)
        break
      case 'metrics':
        scrapes.answer(notice.id, notice.text)
        break
      case 'relay':
        relayEnd.receive(notice.relay)
        break
      case 'stop':
        deps.onStop()
        break
      default:
        notice satisfies never
    }
  }

  async function collect(id: number): Promise<void> {
    const text = await reports.metrics().catch(() => '')
    client.notice({ type: 'collected', id, text })
  }

  const link = (welcome: Welcome): SupervisorLink => ({
    welcome,
    bus: client.bus,
    relay,
    host: () => host ?? welcome.host,
    ready(given) {
      reports = given
      client.report()
    },
    failed: (lines) => client.notice({ type: 'failed', lines }),
    metrics: () => scrapes.ask((id) => client.notice({ type: 'scrape', id }), reports.metrics),
    drain: client.drain,
  })
  return linked.promise
}

/** Of a process that does not serve yet. */
const STARTING: SupervisorReports = {
  status: () => ({ connections: 0, seq: 0 }),
  metrics: async () => '',
}

/** Longer than the supervisor waits for a process that does not answer, ms. */
const SCRAPE_TIMEOUT: Millis = 2_000

const WRITER_GONE: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'The writer is gone: this change may or may not have been stored. Send it again, with the same id.',
    1_000,
  ),
}
