import type { Millis } from '../core/clock.ts'
import type { CommandBus, StoragePosition } from '../core/command.ts'
import { createCommandQueue, QUEUE_DEFAULTS } from '../journal/command-queue.ts'
import { LINK_LOST } from './command-router.ts'
import {
  NODE_BEAT,
  NODE_PATH,
  NODE_PROTOCOL,
  NODE_SILENCE,
  type NodeReport,
  type NodeStatus,
  readToReplica,
  type ToPrimary,
  type ToReplica,
} from './node-protocol.ts'

/** What the primary last said of the cluster. */
export type PrimaryNews = {
  readonly nodes: readonly NodeStatus[]
  readonly position: StoragePosition | null
  readonly leaseAge: Millis
}

export type LinkParts = {
  /** `host:port` of the primary's node port. */
  readonly address: string
  readonly node: string
  readonly cluster: string
  /** How this node is, at each beat. */
  readonly report: () => NodeReport
  /** The primary takes commands from now on. */
  readonly onWelcome: (position: StoragePosition | null) => void
  readonly onNews: (news: PrimaryNews) => void
  /** This node is to take over. */
  readonly onPromote: () => void
  /** The primary has handed over, to a node it may name; the link ends. */
  readonly onMoved: (to: string | null) => void
  /** It ended, or never came up; every command on it has been answered with `LINK_LOST`. Called once. */
  readonly onEnd: (reason: string) => void
}

/** A replica's way to the primary. */
export type NodeLink = {
  readonly bus: CommandBus
  /** Tells that this node's copy has come so far. */
  applied(position: StoragePosition): void
  close(): void
}

/** More at once than within a host: the way there and back takes longer than a commit. */
const LINK_QUEUE = { ...QUEUE_DEFAULTS, batch: 2_048, window: 4 }

/** Connects to a primary. Nothing is sent before its welcome. */
export function linkToPrimary(parts: LinkParts): NodeLink {
  const socket = new WebSocket(`ws://${parts.address}${NODE_PATH}`)
  let isOpen = false
  let ended = false
  let heard = performance.now()
  const post = (message: ToPrimary) => {
    if (isOpen) socket.send(JSON.stringify(message))
  }
  const queue = createCommandQueue({
    ...LINK_QUEUE,
    // A ToPrimary of type commands, put together from text that is printed already.
    post: (commands) => {
      if (!isOpen) return
      // A primary that does not know of a run sweeps what it takes for its remains.
      if (parts.report().runs.join() !== toldRuns) report()
      socket.send(`{"type":"commands","commands":[${commands.join(',')}]}`)
    },
    defer: setImmediate,
  })
  let toldRuns = ''
  const report = () => {
    const said = parts.report()
    toldRuns = said.runs.join()
    post({ type: 'report', report: said })
  }
  const beat = setInterval(() => {
    if (performance.now() - heard > NODE_SILENCE) end('the primary is silent')
    else report()
  }, NODE_BEAT)

  function end(reason: string): void {
    if (ended) return
    ended = true
    isOpen = false
    clearInterval(beat)
    socket.close()
    queue.lose(LINK_LOST)
    parts.onEnd(reason)
  }

  function receive(message: ToReplica): void {
    switch (message.type) {
      case 'welcome':
        parts.onWelcome(message.position)
        break
      case 'answers':
        queue.answer(message.results)
        break
      case 'nodes':
        parts.onNews(message)
        break
      case 'promote':
        parts.onPromote()
        break
      case 'moved':
        parts.onMoved(message.to)
        end('the primary handed over')
        break
      default:
        message satisfies never
    }
  }

  socket.onopen = () => {
    isOpen = true
    heard = performance.now()
    post({ type: 'hello', protocol: NODE_PROTOCOL, cluster: parts.cluster, node: parts.node })
    report()
  }
  socket.onmessage = ({ data }) => {
    if (ended) return
    heard = performance.now()
    const message = typeof data === 'string' ? readToReplica(data) : null
    if (message === null) end('the primary said what this version does not know')
    else receive(message)
  }
  socket.onclose = ({ code, reason }) => end(reason === '' ? `closed with ${code}` : reason)
  socket.onerror = () => end('it cannot be reached')

  return {
    bus: queue,
    applied: (position) => post({ type: 'applied', position }),
    close: () => end('closed'),
  }
}
