import { openKey, type SecretKey } from '../../client/key.ts'
import { fromBase64url, toBase64url } from '../../core/base64url.ts'
import { fail, ok, type Result } from '../../core/result.ts'

/**
 * Returns the Ed25519 key of a PEM text (PKCS#8, RFC 8410), as `npm run keygen` and OpenSSL write it. Fails
 * with a sentence for the user who pasted something else. Bare base64 is refused, because a public key looks
 * the same.
 */
export function readKeyText(text: string): Result<SecretKey, string> {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text)
  if (block === null) return fail(NO_PEM)
  const [, label = '', body = ''] = block
  if (label === 'PUBLIC KEY') return fail('This is the public key. Paste the private key to log in.')
  if (label !== 'PRIVATE KEY') return fail(`This is a key of another kind (${label}). ${NEEDED}`)
  const der = decodeBase64(body)
  if (der === null) return fail(DAMAGED)
  if (der.length < HEAD.length + SECRET_LENGTH || HEAD.some((byte, i) => !sameByte(byte, der, i))) {
    return fail(`This private key is not an Ed25519 key. ${NEEDED}`)
  }
  const key = openKey(toBase64url(der.subarray(HEAD.length, HEAD.length + SECRET_LENGTH)))
  return key === null ? fail(DAMAGED) : ok(key)
}

/** Returns the text of a key file, which `--key` options and OpenSSL read. */
export function writeKeyText(key: SecretKey): string {
  const der = String.fromCharCode(...HEAD, ...(fromBase64url(key.secret) ?? []))
  return `-----BEGIN PRIVATE KEY-----\n${btoa(der)}\n-----END PRIVATE KEY-----\n`
}

const NEEDED = 'Use an Ed25519 key, as “npm run keygen” makes it.'
const NO_PEM = `Paste the whole key file, from “-----BEGIN PRIVATE KEY-----” to “-----END PRIVATE KEY-----”.`
const DAMAGED = 'The text between the first and the last line is damaged. Copy the whole file.'
const SECRET_LENGTH = 32

/** PrivateKeyInfo of version 0, the identifier 1.3.101.112, an octet string of 32 bytes inside one of 34. */
const HEAD: readonly number[] = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]

/**
 * The second and fifth byte are the length and the version; version 1, with the public key behind, is fine
 * too.
 */
function sameByte(byte: number, der: Uint8Array, i: number): boolean {
  return der[i] === byte || (i === 1 && der.length > 48) || (i === 4 && der[i] === 1)
}

function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, '')), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
