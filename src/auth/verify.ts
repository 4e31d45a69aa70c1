import { createPublicKey, verify as nativeVerify } from 'node:crypto'

/** What is to be checked: that the owner of `publicKey` (32 bytes) signed `message`. */
export type SignatureCheck = {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * An Ed25519 key in the container that `node:crypto` reads: this ASN.1 header (RFC 8410, section 4), then
 * the key.
 */
const SPKI_HEADER = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

/**
 * Ed25519 (RFC 8032, section 5.1.7, without cofactor; S must be below the group's order) by BoringSSL on
 * the calling thread, about 40 us. Wrong lengths are false, never an error.
 */
export function verifySync(check: SignatureCheck): boolean {
  if (!hasRightLengths(check)) return false
  return nativeVerify(null, check.message, keyObject(check.publicKey), check.signature)
}

/** Whether key and signature have the lengths of Ed25519; without them no signature is good. */
export function hasRightLengths(check: SignatureCheck): boolean {
  return check.publicKey.length === 32 && check.signature.length === 64
}

/** The key as `node:crypto` wants it; 1 us. */
export function keyObject(publicKey: Uint8Array) {
  const der = new Uint8Array(SPKI_HEADER.length + publicKey.length)
  der.set(SPKI_HEADER)
  der.set(publicKey, SPKI_HEADER.length)
  // A Buffer without a copy: the types of createPublicKey want one.
  return createPublicKey({ key: Buffer.from(der.buffer), format: 'der', type: 'spki' })
}
