import type { Random } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'

/**
 * The name a user is known by: lower case, 3 to 32 of a-z, 0-9, `-` and `_`, with a letter or digit at both
 * ends.
 */
export function parseUsername(text: string): Result<string> {
  const name = text.trim().toLowerCase()
  return /^[a-z0-9][a-z0-9_-]{1,30}[a-z0-9]$/.test(name) ? ok(name) : fail(BAD_USERNAME)
}

/** What a person calls a key: 1 to 64 characters on one line, none of them invisible. */
export function parseKeyName(text: string): Result<string> {
  const name = text.trim().normalize('NFC')
  return /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name) ? ok(name) : fail(BAD_KEY_NAME)
}

/** `<prefix>_` and 96 random bits in hex: never met twice. */
export function randomId(prefix: 'u' | 'k' | 's', random: Random): string {
  return `${prefix}_${Buffer.from(random.bytes(12)).toString('hex')}`
}

/** Names for a user who gave none, to be tried in order; the last one is as unique as the id. */
export function generatedUsernames(userId: string): readonly [string, string] {
  const digits = userId.slice(userId.indexOf('_') + 1)
  return [`user-${digits.slice(0, 8)}`, `user-${digits}`]
}

const BAD_USERNAME = appError(
  'InvalidCredentials',
  'a username has 3 to 32 characters, a-z, 0-9, - and _, and begins and ends with a letter or digit',
)
const BAD_KEY_NAME = appError('InvalidCredentials', 'a key name has 1 to 64 visible characters')
