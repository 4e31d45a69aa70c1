import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, ok, type Result } from '../core/result.ts'
import type { Environment, ServerAddress } from './server-address.ts'

/** Request header by which the server's operator proves to be it; then `x-forwarded-for` is believed. */
export const OPERATOR_HEADER = 'x-dashboard-operator'

/**
 * Finds the key that lets a local tool state its devices' addresses: the file named by `--operator-key`,
 * else where a server of this user at this port announces it, else in the data folder of the environment or
 * of the present folder. A file of another server may lie there, so the server is asked. Null means that
 * none was found; a named file that cannot be read or is another server's is a failure.
 */
export async function findOperatorKey(
  named: string | undefined,
  server: ServerAddress,
  environment: Environment,
): Promise<Result<string | null, string>> {
  if (named !== undefined) {
    const key = readKey(named)
    if (key === null) return fail(`--operator-key: ${named} cannot be read, or holds no operator key`)
    if (await isAccepted(server, key)) return ok(key)
    return fail(`--operator-key: the key in ${named} is not that of the server at ${server.http}`)
  }
  if (!server.local) return ok(null)
  const places = [
    join(tmpdir(), `dashboard-${process.getuid?.() ?? 0}-${server.port}`, 'operator.key'),
    join(environment.DASHBOARD_DATA || 'data', 'operator.key'),
  ]
  for (const place of places) {
    const key = readKey(place)
    if (key !== null && (await isAccepted(server, key))) return ok(key)
  }
  return ok(null)
}

/** A server answers a key that is not its own with 401, whatever is asked. */
async function isAccepted(server: ServerAddress, key: string): Promise<boolean> {
  const answer = await fetch(`${server.http}/health`, { headers: { [OPERATOR_HEADER]: key } }).catch(
    () => null,
  )
  await answer?.body?.cancel()
  return answer !== null && answer.status !== 401
}

function readKey(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return /^[\w-]{43}$/.test(text) ? text : null
  } catch {
    // Not there, or not ours to read: the next place may be.
    return null
  }
}
