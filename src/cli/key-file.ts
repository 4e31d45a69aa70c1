import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signWithKey,
} from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { SigningKey } from '../client/api.ts'
import { fail, ok, type Result } from '../core/result.ts'

/**
 * Makes a key file: PKCS#8 in PEM (RFC 8410), as OpenSSL reads it, for the owner only. Refuses to overwrite
 * anything. Answers the public key's 32 bytes as base64url.
 */
export function makeKeyFile(path: string): Result<string, string> {
  const pair = generateKeyPairSync('ed25519')
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
  try {
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    return fail(writeProblem(path, error))
  }
  return ok(Buffer.from(publicBytes(pair.publicKey)).toString('base64url'))
}

/** Reads a key file that {@link makeKeyFile} or OpenSSL wrote. */
export function readKeyFile(path: string): Result<SigningKey, string> {
  try {
    const key = createPrivateKey(readFileSync(path))
    if (key.asymmetricKeyType === 'ed25519') return ok(signingKey(key))
    return fail(
      `${path} holds a key of type ${key.asymmetricKeyType}; an Ed25519 key is needed (npm run keygen)`,
    )
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      return fail(`${path} does not exist; make one with: npm run keygen -- --out ${path}`)
    return fail(`${path} cannot be read as a private key in PEM: ${errorText(error)}`)
  }
}

/** An Ed25519 key from its 32 secret bytes (RFC 8032 calls them the private key). */
export function keyFromSecret(secret: Uint8Array): SigningKey {
  const der = Buffer.concat([PKCS8_HEAD, secret])
  return signingKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

/** RFC 8410: PrivateKeyInfo, version 0, id-Ed25519, an octet string of 32 bytes in an octet string of 34. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

function signingKey(key: KeyObject): SigningKey {
  return { publicKey: publicBytes(createPublicKey(key)), sign: (message) => signWithKey(null, message, key) }
}

/** SPKI of an Ed25519 key ends with its 32 bytes. */
function publicBytes(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }).subarray(-32))
}

function writeProblem(path: string, error: unknown): string {
  switch (errorCode(error)) {
    case 'EEXIST':
      return `${path} exists already and is left as it is; name another file, or remove it if nobody needs that key`
    case 'ENOENT':
      return `${path} cannot be made: its folder does not exist`
    default:
      return `${path} cannot be written: ${errorText(error)}`
  }
}

function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
