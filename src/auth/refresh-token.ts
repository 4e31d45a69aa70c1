import { createHash } from 'node:crypto'
import { toBase64url } from '../core/base64url.ts'
import type { Random } from '../core/clock.ts'

/**
 * A refresh token is `r_<family>.<secret>`. The family is named nowhere else, so whoever presents a right
 * family with a wrong secret holds a token of that family that has been replaced.
 */
export type RefreshToken = { readonly family: string; readonly text: string; readonly hash: string }

/** The first token of a new family. */
export function newFamily(random: Random): RefreshToken {
  return nextToken(toBase64url(random.bytes(16)), random)
}

/** Another token of a family. */
export function nextToken(family: string, random: Random): RefreshToken {
  const text = `r_${family}.${toBase64url(random.bytes(32))}`
  return { family, text, hash: hashOf(text) }
}

/** Null for text that no server has issued. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const match = /^r_([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/.exec(text)
  return match?.[1] === undefined ? null : { family: match[1], text, hash: hashOf(text) }
}

/** What storage keeps: with 256 random bits behind it, a plain hash cannot be turned back. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
