import { MAX_TEXT_BYTES } from './types.ts'

/** The id of a publisher: 96 random bits in base64url, new at each start. */
export type Sender = string

/** The beginning of a frame; its number changes with its form. */
const VERSION = 'r1'
const SENDER_LENGTH = 16
const HEAD = new RegExp(`^${VERSION} [A-Za-z0-9_-]{${SENDER_LENGTH}} $`)
const HEAD_LENGTH = VERSION.length + SENDER_LENGTH + 2

/**
 * Returns a text as it goes through Redis: `r1 <sender> <text>`. It is not JSON, which would print a text
 * that is JSON already once more.
 */
export function frameOf(sender: Sender, text: string): string {
  return `${VERSION} ${sender} ${text}`
}

/**
 * Returns what was published on one of our channels; null for what is no frame. Any client of Redis can
 * publish anything there.
 */
export function parseFrame(frame: string): { readonly sender: Sender; readonly text: string } | null {
  if (frame.length > HEAD_LENGTH + MAX_TEXT_BYTES || !HEAD.test(frame.slice(0, HEAD_LENGTH))) return null
  const sender = frame.slice(VERSION.length + 1, VERSION.length + 1 + SENDER_LENGTH)
  return { sender, text: frame.slice(HEAD_LENGTH) }
}
