import { createHash } from 'node:crypto'
import { keyFromSecret } from '../../src/cli/key-file.ts'
import type { SigningKey } from '../../src/client/api.ts'
import type { PlannedDevice } from './plan.ts'

/** Who a device of the replay logs in as. */
export type Identity = {
  readonly key: SigningKey
  readonly username: string
  readonly deviceId: string
  readonly deviceName: string
}

/**
 * The identity of a planned device: derived from the seed alone, so that a second replay is the same users
 * with the same devices. Whoever knows the seed can log in as them.
 */
export function identityOf(seed: string, device: PlannedDevice): Identity {
  const secret = derive(seed, `user ${device.user}`)
  return {
    key: keyFromSecret(secret),
    // Not the number alone: users of another seed, or people, may have that name already.
    username: `operator-${derive(seed, `name ${device.user}`).toString('hex').slice(0, 10)}`,
    deviceId: `node-${derive(seed, `device ${device.ip}`).toString('hex').slice(0, 16)}`,
    deviceName: `node ${device.index + 1}`,
  }
}

/**
 * 32 bytes for a purpose: SHA-256 over a name of this use, the seed and the purpose, kept apart by zero
 * bytes.
 */
function derive(seed: string, purpose: string): Buffer {
  return createHash('sha256').update(`dashboard-server replay v1\0${seed}\0${purpose}`).digest()
}
