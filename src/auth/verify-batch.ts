import type { SignatureCheck } from './verify.ts'

/**
 * Checks packed into one buffer, so that a batch crosses to a thread as one transfer: their number, then
 * per check length of the message, key, signature, message. Keys must have 32 bytes and signatures 64.
 */
export function packChecks(checks: readonly SignatureCheck[]): ArrayBuffer {
  const size = checks.reduce((sum, check) => sum + HEAD + check.message.length, 4)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, checks.length)
  let at = 4
  for (const check of checks) {
    view.setUint32(at, check.message.length)
    bytes.set(check.publicKey, at + 4)
    bytes.set(check.signature, at + 36)
    bytes.set(check.message, at + HEAD)
    at += HEAD + check.message.length
  }
  return bytes.buffer
}

/** The inverse of {@link packChecks}; the parts are views of the buffer. */
export function unpackChecks(buffer: ArrayBuffer): readonly SignatureCheck[] {
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  let at = 4
  return Array.from({ length: view.getUint32(0) }, () => {
    const end = at + HEAD + view.getUint32(at)
    const check = {
      publicKey: bytes.subarray(at + 4, at + 36),
      signature: bytes.subarray(at + 36, at + HEAD),
      message: bytes.subarray(at + HEAD, end),
    }
    at = end
    return check
  })
}

/** Length of the message, key, signature. */
const HEAD = 4 + 32 + 64
