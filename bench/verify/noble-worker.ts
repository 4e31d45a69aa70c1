// As src/auth/verify-worker.ts, but noble verifies.
import { createHash } from 'node:crypto'
import { hashes, verify } from '@noble/ed25519'
import { unpackChecks } from '../../src/auth/verify-batch.ts'

declare const self: Worker

hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest())

self.onmessage = (event: MessageEvent<ArrayBuffer>) => {
  const verdicts = Uint8Array.from(unpackChecks(event.data), (check) =>
    verify(check.signature, check.message, check.publicKey, { zip215: false }) ? 1 : 0,
  )
  self.postMessage(verdicts, [verdicts.buffer])
}
