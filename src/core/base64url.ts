/** Returns bytes as base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}

/**
 * The inverse of {@link toBase64url}. Returns null if the text is anything else, or does not have `length`
 * bytes where that is given. Strict: padding, white space, foreign characters and stray bits at the end are
 * refused, so that every value has one spelling.
 */
export function fromBase64url(text: string, length?: number): Uint8Array<ArrayBuffer> | null {
  // The platform's decoder accepts padding and white space.
  if (!ALPHABET_ONLY.test(text)) return null
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
    return toBase64url(bytes) === text && bytes.length === (length ?? bytes.length) ? bytes : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

const ALPHABET_ONLY = /^[\w-]*$/
