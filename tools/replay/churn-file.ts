import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { fail, ok, type Result } from '../../src/core/result.ts'

/** One row: at `time` (Unix seconds) the node at `ip` came up or went down. */
export type ChurnRow = { readonly time: number; readonly ip: string; readonly state: 'up' | 'down' }

/**
 * Reads a CSV file, gzipped or not, with the header `time,ip,state`; the reason names the file and the
 * line.
 */
export function readChurnFile(path: string): Result<readonly ChurnRow[], string> {
  const text = readText(path)
  return text.ok ? parseChurn(path, text.value) : text
}

/** Rows of a churn file's text, in its order; times must not run backwards. `name` is for the reason. */
export function parseChurn(name: string, text: string): Result<readonly ChurnRow[], string> {
  const lines = text.split(/\r?\n/)
  if (lines[0]?.replace(/^\uFEFF/, '').trim() !== HEADER) {
    return fail(`${name}:1: the header must be ${HEADER}, found ${quote(lines[0] ?? '')}`)
  }
  const rows: ChurnRow[] = []
  let last = 0
  for (const [index, line] of lines.entries()) {
    if (index === 0 || (line === '' && index === lines.length - 1)) continue
    const row = parseRow(line)
    if (typeof row === 'string') return fail(`${name}:${index + 1}: ${row}`)
    if (row.time < last) return fail(`${name}:${index + 1}: time runs backwards, from ${last} to ${row.time}`)
    last = row.time
    rows.push(row)
  }
  return rows.length > 0 ? ok(rows) : fail(`${name} has a header and no rows`)
}

const HEADER = 'time,ip,state'
/** The year 9999: a later "second" is a time in milliseconds. */
const LAST_SECOND = 253_402_300_799

function parseRow(line: string): ChurnRow | string {
  const [time = '', ip = '', state, extra] = line.split(',')
  if (state === undefined || extra !== undefined)
    return `expected three fields (${HEADER}), found ${quote(line)}`
  const seconds = Number(time)
  if (!/^\d+$/.test(time) || seconds > LAST_SECOND)
    return `time must be in Unix seconds, found ${quote(time)}`
  if (isIP(ip) === 0) return `ip must be an IPv4 or IPv6 address, found ${quote(ip)}`
  if (state !== 'up' && state !== 'down') return `state must be up or down, found ${quote(state)}`
  return { time: seconds, ip, state }
}

function readText(path: string): Result<string, string> {
  try {
    const bytes = new Uint8Array(readFileSync(path))
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b
    return ok(new TextDecoder().decode(zipped ? Bun.gunzipSync(bytes) : bytes))
  } catch (error) {
    return fail(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function quote(text: string): string {
  return `'${text.length > 60 ? `${text.slice(0, 60)}...` : text}'`
}
