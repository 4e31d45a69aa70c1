import { createHash } from 'node:crypto'
import { keyFromSecret } from '../../src/cli/key-file.ts'
import type { SigningKey } from '../../src/client/api.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import type { HelloMessage } from '../../src/protocol/server/hello.ts'

/** Returns the key of the user that a benchmark calls `name`, the same in every run. */
export function benchKey(name: string): SigningKey {
  return keyFromSecret(createHash('sha256').update(`bench ${name}`).digest())
}

/** Returns the answer, as JSON, to a `hello`, with the key of a user. */
export function loginMessage(hello: string, key: SigningKey): string {
  const { challenge }: HelloMessage = JSON.parse(hello)
  const signature = key.sign(loginText(challenge))
  if (signature instanceof Promise) throw new Error('keys of files sign at once')
  return JSON.stringify({
    type: 'authenticate',
    public_key: Buffer.from(key.publicKey).toString('base64url'),
    signature: Buffer.from(signature).toString('base64url'),
    register: { device_name: 'bench' },
  })
}
