import { toBase64url } from '../core/base64url.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { newSigningKey } from './access-token.ts'
import type { AuthCommand } from './commands.ts'
import type { AuthReader } from './key-cache.ts'
import type { SecretPurpose, SecretRow } from './store.ts'

export type SecretDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly reader: AuthReader
}

/**
 * The secrets of one purpose, made on the very first start. Several nodes may offer one at the same time:
 * the writer takes the first, and all read the same. Fails as the writer does.
 */
export async function loadSecrets(
  deps: SecretDeps,
  purpose: SecretPurpose,
): Promise<Result<readonly SecretRow[]>> {
  const read = () => deps.reader.read((store) => store.secrets(purpose))
  const found = read()
  if (found.length > 0) return ok(found)
  const id = toBase64url(deps.random.bytes(12))
  const command: AuthCommand<'auth.ensure_secret'> = {
    kind: 'auth.ensure_secret',
    actor: { type: 'system' },
    at: deps.clock.now(),
    repeatable: true,
    payload: { id, purpose, material: await make(purpose, deps.random) },
  }
  const result = await deps.bus.submit(command)
  return result.ok ? ok(read()) : fail(result.error)
}

function make(purpose: SecretPurpose, random: Random): Promise<string> | string {
  switch (purpose) {
    case 'access_token':
      return newSigningKey()
    case 'rest_challenge':
      return toBase64url(random.bytes(32))
  }
}
