const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Bytes as base64url without padding (RFC 4648, section 5). Written out, because browsers have no Buffer. */
export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3)
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    text += letter(bits >> 18) + letter(bits >> 12)
    if (b !== undefined) text += letter(bits >> 6)
    if (c !== undefined) text += letter(bits)
  }
  return text
}

/** The inverse; null for text with other characters, of an impossible length, or with stray bits at its end. */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const char of text) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) return null
    bits = ((bits << 6) | value) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[at++] = bits >> held
  }
  return toBase64url(bytes) === text ? bytes : null
}

function letter(bits: number): string {
  return ALPHABET.charAt(bits & 63)
}
