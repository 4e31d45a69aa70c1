import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, ok, type Result } from '../core/result.ts'
import type { Environment, ServerAddress } from './server-address.ts'

/** Request header by which the server's operator proves to be it; then `x-forwarded-for` is believed. */
export const OPERATOR_HEADER = 'x-dashboard-operator'

/**
 * Finds the key that lets a local tool state its devices' addresses: the file named by `--operator-key`, else where a
 * server of this user at this port announces it, else in the data folder of the environment or of the present folder.
 * A named file that cannot be read is a failure; null means that there is none to be found.
 */
export function findOperatorKey(
  named: string | undefined,
  server: ServerAddress,
  environment: Environment,
): Result<string | null, string> {
  if (named !== undefined) {
    const key = readKey(named)
    return key === null ? fail(`--operator-key: ${named} cannot be read or is empty`) : ok(key)
  }
  if (!server.local) return ok(null)
  const places = [
    join(tmpdir(), `dashboard-${process.getuid?.() ?? 0}-${server.port}`, 'operator.key'),
    join(environment.DASHBOARD_DATA || 'data', 'operator.key'),
  ]
  for (const place of places) {
    const key = readKey(place)
    if (key !== null) return ok(key)
  }
  return ok(null)
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null
  } catch {
    // Not there, or not ours to read: the next place may be.
    return null
  }
}
