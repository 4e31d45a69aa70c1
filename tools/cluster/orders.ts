import { fail, ok, type Result } from '../../src/core/result.ts'

/** What can be asked of a cluster from the command line. */
export type Order =
  | { readonly type: 'start' }
  | { readonly type: 'status' }
  | { readonly type: 'handover' }
  | {
      readonly type: 'signal'
      readonly verb: 'kill' | 'freeze' | 'thaw'
      readonly target: 'server' | 'litefs'
      /** `primary`, `replica`, or the address or region of a node. */
      readonly which: string
    }

/** The help page's list. */
export const ORDERS: readonly string[] = [
  '  (nothing)                      start Consul and three nodes; Ctrl-C ends them',
  '  status                         a table of the nodes',
  '  kill primary|replica|NODE      kill -9 of a server; it is started again after a second',
  '  kill litefs primary|NODE       kill -9 of its LiteFS, which the server then starts again',
  '  freeze litefs primary|NODE     stop its LiteFS (SIGSTOP), as if its host hung',
  '  thaw litefs primary|NODE       let it go on (SIGCONT)',
  '  handover                       the primary hands over to the other node that may lead',
  '',
  '  NODE is an address such as 127.0.0.12 or a region such as here-2.',
]

/** Reads the words of an order, or says which are possible. Whether there is such a node is seen later. */
export function readOrder([verb, ...rest]: readonly string[]): Result<Order, string> {
  switch (verb) {
    case undefined:
      return ok({ type: 'start' })
    case 'status':
    case 'handover':
      return rest.length === 0
        ? ok({ type: verb })
        : fail(`${verb} takes no more words, not '${rest.join(' ')}'`)
    case 'kill':
    case 'freeze':
    case 'thaw':
      return readSignal(verb, rest)
    default:
      return fail(
        `'${verb}' is none of status, kill, freeze, thaw, handover; with no word the cluster is started`,
      )
  }
}

function readSignal(verb: 'kill' | 'freeze' | 'thaw', words: readonly string[]): Result<Order, string> {
  const target = words[0] === 'litefs' ? 'litefs' : 'server'
  const [which, extra] = target === 'litefs' ? words.slice(1) : words
  // Who stops a server sees nothing that stopping its LiteFS would not show.
  if (target === 'server' && verb !== 'kill') {
    return fail(`${verb} is for LiteFS: ${verb} litefs primary, or ${verb} litefs NODE`)
  }
  const possible = `${verb} ${target === 'litefs' ? 'litefs ' : ''}primary, replica or a node (address or region)`
  if (which === undefined) return fail(`${verb} whom? Possible: ${possible}`)
  if (extra !== undefined) return fail(`one at a time, without '${extra}'. Possible: ${possible}`)
  return ok({ type: 'signal', verb, target, which })
}
