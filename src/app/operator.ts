import { createHash, timingSafeEqual } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toBase64url } from '../core/base64url.ts'
import type { Random } from '../core/clock.ts'

/** The secret that shows a request comes from whoever runs this server: the local replay, a load test. */
export type OperatorKey = {
  readonly text: string
  matches(given: string): boolean
}

/**
 * The key in `<data>/operator.key`, made on first use. It stays the same over restarts, so that tools which
 * reconnect are still believed; but one that others could read is a secret no more, and a new one is made.
 * Throws what the file system throws.
 */
export function loadOperatorKey(dataDir: string, random: Random): OperatorKey {
  const path = join(dataDir, 'operator.key')
  const kept = readPrivateKey(path)
  const text = kept ?? toBase64url(random.bytes(32))
  if (kept === null) writeAnew(path, text)
  return operatorKey(text)
}

/** The key of this text. */
export function operatorKey(text: string): OperatorKey {
  const expected = digest(text)
  return { text, matches: (given) => timingSafeEqual(digest(given), expected) }
}

/**
 * Lays the key where tools of the same user look for it, knowing only the port:
 * `operatorKeyFolder(port)/operator.key`. Answers how to take it away again, or null when it could not be
 * laid there safely (no temporary folder, or somebody else made this one first): the tools then have to be
 * told where the data folder is.
 */
export function announceOperatorKey(key: OperatorKey, port: number): (() => void) | null {
  const folder = operatorKeyFolder(port)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    if (!found.isDirectory() || found.uid !== userId()) return null
    chmodSync(folder, 0o700)
    writeAnew(join(folder, 'operator.key'), key.text)
  } catch {
    return null
  }
  return () => rmSync(folder, { recursive: true, force: true })
}

/** `<tmp>/dashboard-<uid>-<port>`. */
export function operatorKeyFolder(port: number): string {
  return join(tmpdir(), `dashboard-${userId()}-${port}`)
}

/**
 * Of this process; 0 where the system has no such thing. (`userInfo` throws for a user without a passwd
 * entry, as containers have.)
 */
function userId(): number {
  return process.getuid?.() ?? 0
}

/** Not over what lies there, whose mode, or target if it is a link, would not be ours. */
function writeAnew(path: string, text: string): void {
  rmSync(path, { force: true })
  writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' })
}

/** Null for a file that is none, is a link, or is open to others (where there are modes). */
function readPrivateKey(path: string): string | null {
  try {
    const found = lstatSync(path)
    if (!found.isFile() || (process.platform !== 'win32' && (found.mode & 0o077) !== 0)) return null
    const text = readFileSync(path, 'utf8').trim()
    return /^[\w-]{43}$/.test(text) ? text : null
  } catch {
    // Missing or unreadable: a new one is written, and that reports what is wrong with the folder.
    return null
  }
}

/** Equal lengths for the constant-time comparison, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
