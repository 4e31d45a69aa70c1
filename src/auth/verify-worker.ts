// Thread of the verify pool: takes packed batches, and returns one byte for each check.
import { verifySync } from './verify.ts'
import { unpackChecks } from './verify-batch.ts'

declare const self: Worker

self.onmessage = (event: MessageEvent<ArrayBuffer>) => {
  const verdicts = Uint8Array.from(unpackChecks(event.data), (check) => (verifySync(check) ? 1 : 0))
  self.postMessage(verdicts, [verdicts.buffer])
}
