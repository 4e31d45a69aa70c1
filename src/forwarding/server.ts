import type { Command, CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { fail, type Result } from '../core/result.ts'
import { createLinkEnd, deliver, type LinkEnd, type LinkEndDeps, type Receiver } from './link-end.ts'
import type { Side } from './messages.ts'

export type ForwardingServerDeps<Own extends Side, Client extends Side> = Pick<
  LinkEndDeps<Client>,
  'transport' | 'read' | 'heartbeat'
> & {
  /** Decides the client's commands. */
  readonly bus: CommandBus
  /** Accepts a client, or returns why it is refused. */
  readonly accept: (greeting: Client['greeting']) => Result<Accepted<Own, Client>, string>
  readonly logger: Logger
}

/** What an accepted client is told, and what is done with its messages. */
export type Accepted<Own extends Side, Client extends Side> = Receiver<Client> & {
  readonly greeting: Own['greeting']
  /** Its link has ended. Called once. */
  readonly onEnd: (reason: string) => void
}

/** Waits for a client's greeting on a transport, and decides its commands from then on. */
export function serveClient<Own extends Side, Client extends Side>(
  deps: ForwardingServerDeps<Own, Client>,
): LinkEnd<Own> {
  let client: Accepted<Own, Client> | null = null
  /** Resolves when every batch of commands so far is answered. */
  let answered: Promise<void> = Promise.resolve()

  function greet(greeting: Client['greeting']): void {
    const accepted = client === null ? deps.accept(greeting) : fail('a greeting comes once')
    if (!accepted.ok) {
      link.close({ code: 1008, text: accepted.error })
      return
    }
    client = accepted.value
    link.post({ type: 'greeting', greeting: client.greeting })
  }

  /** Batches are answered in the order in which they came, whatever became of each. */
  function decide(commands: readonly Command[]): void {
    const deciding = Promise.all(commands.map((command) => deps.bus.submit(command).catch(defect)))
    answered = Promise.all([deciding, answered]).then(([results]) => link.post({ type: 'answers', results }))
  }

  function defect(error: unknown): CommandResult {
    deps.logger.error('command failed', { error: String(error) })
    return { ok: false, error: appError('InternalError', 'This change failed inside the server.') }
  }

  const link = createLinkEnd<Own, Client>({
    ...deps,
    onMessage(message) {
      if (message.type === 'greeting') greet(message.greeting)
      else if (client === null) link.close({ code: 1008, text: 'a greeting comes first' })
      else if (message.type === 'commands') decide(message.commands)
      else return deliver(message, client)
      return true
    },
    onEnd: (reason) => client?.onEnd(reason),
  })
  return link
}
