import { TEXT_LIMIT } from './types.ts'

/** Who publishes: 96 random bits in base64url, new at each start. */
export type Sender = string

/** What a frame begins with; another number when its form changes. */
const VERSION = 'r1'
const SENDER_LENGTH = 16
const HEAD = new RegExp(`^${VERSION} [A-Za-z0-9_-]{${SENDER_LENGTH}} $`)
const HEAD_LENGTH = VERSION.length + SENDER_LENGTH + 2

/**
 * A text as it goes through Redis: `r1 <sender> <text>`. It is not JSON, which would print a text that is
 * JSON already once more.
 */
export function frameOf(sender: Sender, text: string): string {
  return `${VERSION} ${sender} ${text}`
}

/**
 * What somebody put on a channel of ours; null when it is no frame. Anyone who reaches Redis can put anything
 * there.
 */
export function parseFrame(frame: string): { readonly sender: Sender; readonly text: string } | null {
  if (frame.length > HEAD_LENGTH + TEXT_LIMIT || !HEAD.test(frame.slice(0, HEAD_LENGTH))) return null
  const sender = frame.slice(VERSION.length + 1, VERSION.length + 1 + SENDER_LENGTH)
  return { sender, text: frame.slice(HEAD_LENGTH) }
}
