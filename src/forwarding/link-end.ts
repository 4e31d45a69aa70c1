import type { Millis } from '../core/clock.ts'
import type { Message, Reader, Side } from './messages.ts'
import type { CloseReason, Transport } from './transport.ts'

/**
 * How often both ends send their status, and how long an end may send nothing before it is taken for dead.
 * The time is counted in heartbeats of the end that waits: one that was itself stopped, or asleep, has heard
 * nothing meanwhile and must not hold that against the other.
 */
export type Heartbeat = { readonly interval: Millis; readonly timeout: Millis }

/** What is done with what the other end says of itself. */
export type Receiver<Other extends Side> = {
  readonly onStatus: (status: Other['status']) => void
  readonly onPosition: (position: Other['position']) => void
  readonly onNotice: (notice: Other['notice']) => void
}

export type LinkEndDeps<Other extends Side> = {
  readonly transport: Transport
  readonly read: Reader<Other>
  readonly heartbeat: Heartbeat
  /** Handles a message. False for one that the other end must not send: the link ends. */
  readonly onMessage: (message: Message<Other>) => boolean
  /** The link has ended, or never came up. Called once. */
  readonly onEnd: (reason: string) => void
}

/** One end of a link, whichever. */
export type LinkEnd<Own extends Side> = {
  status(status: Own['status']): void
  position(position: Own['position']): void
  notice(notice: Own['notice']): void
  post(message: Message<Own>): void
  /** To be called at each heartbeat. False when the other end was silent for too long: the link has ended. */
  beat(): boolean
  close(reason: CloseReason): void
}

/** Returns an end that reads from a transport. */
export function createLinkEnd<Own extends Side, Other extends Side>(deps: LinkEndDeps<Other>): LinkEnd<Own> {
  const { transport, heartbeat } = deps
  let hasEnded = false
  /** Heartbeats since the other end was last heard. */
  let silence = 0
  const post = (message: Message<Own>) => transport.send(JSON.stringify(message))

  function end(reason: string): void {
    if (hasEnded) return
    hasEnded = true
    deps.onEnd(reason)
  }

  function close(reason: CloseReason): void {
    end(reason.text)
    transport.close(reason)
  }

  transport.onText((text) => {
    if (hasEnded) return
    silence = 0
    const message = deps.read(text)
    if (message === null || !deps.onMessage(message)) close(UNKNOWN_MESSAGE)
  })
  transport.onEnd(end)

  return {
    status: (status) => post({ type: 'status', status }),
    position: (position) => post({ type: 'position', position }),
    notice: (notice) => post({ type: 'notice', notice }),
    post,
    beat() {
      silence += 1
      if (hasEnded || silence * heartbeat.interval < heartbeat.timeout) return true
      end('it is silent')
      transport.abort()
      return false
    },
    close,
  }
}

/** Calls the receiver's function for a message. Returns false for one that is none of these. */
export function deliver<Other extends Side>(message: Message<Other>, to: Receiver<Other>): boolean {
  if (message.type === 'status') to.onStatus(message.status)
  else if (message.type === 'position') to.onPosition(message.position)
  else if (message.type === 'notice') to.onNotice(message.notice)
  else return false
  return true
}

const UNKNOWN_MESSAGE = { code: 1002, text: 'it sent a message that this version does not know' } as const
