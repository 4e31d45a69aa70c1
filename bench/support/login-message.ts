import { createHash } from 'node:crypto'
import { keyFromSecret } from '../../src/cli/key-file.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import type { HelloMessage } from '../../src/protocol/server/hello.ts'

/** Returns the answer, as JSON, to a `hello`, with the key of a user with this number. */
export function loginMessage(hello: string, number: number): string {
  const { challenge }: HelloMessage = JSON.parse(hello)
  const key = keyFromSecret(createHash('sha256').update(`bench ${number}`).digest())
  const signature = key.sign(loginText(challenge))
  if (signature instanceof Promise) throw new Error('keys of files sign at once')
  return JSON.stringify({
    type: 'authenticate',
    public_key: Buffer.from(key.publicKey).toString('base64url'),
    signature: Buffer.from(signature).toString('base64url'),
    register: { device_name: 'bench' },
  })
}
