/** Bytes as base64url without padding (RFC 4648, section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * The inverse, for exactly `length` bytes; null for anything else. Strict: padding, foreign characters and stray bits in the
 * last one are refused, so that every value has one spelling.
 */
export function decodeBase64url(text: string, length: number): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === length && bytes.toString('base64url') === text ? new Uint8Array(bytes) : null
}
