/** What a client does after its socket was closed. */
export type ClosePolicy =
  /** Connects again after a jittered delay. */
  | 'reconnect'
  /** Does not connect again by itself: something has to change first. */
  | 'stop'

type CloseEntry = { readonly code: number; readonly policy: ClosePolicy; readonly meaning: string }

/** Every close code of the server. 3000-3499 mean "connect again", 3500-3999 "do not" (rules ). */
export const CLOSE = {
  goingAway: { code: 3000, policy: 'reconnect', meaning: 'the server goes away or restarts' },
  slowReader: { code: 3001, policy: 'reconnect', meaning: 'this client did not read fast enough' },
  heartbeatLost: {
    code: 3002,
    policy: 'reconnect',
    meaning: 'nothing was heard from this client for too long',
  },
  rateLimited: { code: 3003, policy: 'reconnect', meaning: 'too many messages in a short time' },
  tooManyConnections: {
    code: 3004,
    policy: 'reconnect',
    meaning: 'too many connections from this address or in all',
  },
  sessionExpired: { code: 3005, policy: 'reconnect', meaning: 'the login ran out: connect and log in again' },
  internalError: { code: 3006, policy: 'reconnect', meaning: 'the server met an error of its own' },
  unavailable: { code: 3007, policy: 'reconnect', meaning: 'the server cannot serve now' },
  authenticationFailed: { code: 3500, policy: 'stop', meaning: 'the login was refused' },
  authenticationTimeout: {
    code: 3501,
    policy: 'stop',
    meaning: 'no login in time, and no public channel held',
  },
  protocolViolation: {
    code: 3502,
    policy: 'stop',
    meaning: 'a frame of the wrong kind, or too many bad messages',
  },
  messageTooBig: { code: 3503, policy: 'stop', meaning: 'a message was larger than the limit' },
  originRefused: { code: 3504, policy: 'stop', meaning: 'this web origin may not connect' },
  keyRevoked: { code: 3505, policy: 'stop', meaning: 'the key of this login was revoked' },
} as const satisfies { readonly [name: string]: CloseEntry }

export type CloseReason = keyof typeof CLOSE

/** Codes of RFC 6455 after which trying again the same way would end the same way (rule X-3). */
const FINAL_STANDARD_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010])

/**
 * Returns whether to connect again after a close with this code. Codes that are neither the server's own nor
 * final (1006: the network broke; 1001, 1012: a proxy restarts) mean yes.
 */
export function mayReconnect(code: number): boolean {
  if (code >= 3500 && code <= 3999) return false
  return !FINAL_STANDARD_CODES.has(code)
}
