import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import { type CommandQueueOptions, createCommandQueue } from '../journal/command-queue.ts'
import { createLinkEnd, deliver, type LinkEnd, type LinkEndDeps, type Receiver } from './link-end.ts'
import type { Side } from './messages.ts'

export type ForwardingClientDeps<Own extends Side, Server extends Side> = Receiver<Server> &
  Pick<LinkEndDeps<Server>, 'transport' | 'read' | 'heartbeat'> & {
    readonly greeting: Own['greeting']
    /** How this end is at present. */
    readonly status: () => Own['status']
    /** Whether the server has to know of the present status before it gets any further command. */
    readonly mustKnow?: (known: Own['status'], present: Own['status']) => boolean
    /** The server has accepted this client. */
    readonly onGreeting: (greeting: Server['greeting']) => void
    /** The link ended, or never came up; every command on it was answered with `lost`. Called once. */
    readonly onEnd: (reason: string) => void
    /** The result of a command whose link ended: it may or may not have been decided. */
    readonly lost: CommandResult
    readonly queue: Pick<CommandQueueOptions, 'limit' | 'limitUnits' | 'batch' | 'window'>
    /** Runs something again and again. Returns a function that ends it. */
    readonly every: (period: Millis, run: () => void) => () => void
  }

/** The end of a link that has commands. */
export type ForwardingClient<Own extends Side> = Pick<LinkEnd<Own>, 'position' | 'notice' | 'close'> & {
  readonly bus: CommandBus
  /** Sends the status now, and with every heartbeat from now on. */
  report(): void
  /** Refuses new commands; resolves when all earlier ones are answered. */
  drain(): Promise<void>
}

/** Greets the server at the other end of a transport. */
export function createForwardingClient<Own extends Side, Server extends Side>(
  deps: ForwardingClientDeps<Own, Server>,
): ForwardingClient<Own> {
  const { transport, mustKnow = () => false } = deps
  /** The status that the server knows; null before it was told any. */
  let known: Own['status'] | null = null

  const queue = createCommandQueue({
    ...deps.queue,
    post(commands) {
      if (known !== null && mustKnow(known, deps.status())) report()
      // A message of type `commands`, put together from text that is printed already.
      transport.send(`{"type":"commands","commands":[${commands.join(',')}]}`)
    },
    defer: setImmediate,
  })
  const link = createLinkEnd<Own, Server>({
    ...deps,
    onMessage(message) {
      if (message.type === 'greeting') deps.onGreeting(message.greeting)
      else if (message.type === 'answers') queue.answer(message.results)
      else return deliver(message, deps)
      return true
    },
    onEnd(reason) {
      stopBeating()
      queue.lose(deps.lost)
      deps.onEnd(reason)
    },
  })
  const stopBeating = deps.every(deps.heartbeat.interval, () => {
    if (link.beat() && known !== null) report()
  })

  function report(): void {
    known = deps.status()
    link.status(known)
  }

  link.post({ type: 'greeting', greeting: deps.greeting })
  return { ...link, bus: queue, report, drain: queue.drain }
}
