import * as ed25519 from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { fromBase64url, toBase64url } from '../core/base64url.ts'
import { type Random, systemRandom } from '../core/clock.ts'
import type { SigningKey } from './api.ts'

// noble's default, WebCrypto, is missing on pages that were loaded over plain http.
ed25519.hashes.sha512 = sha512

/**
 * A key whose secret this program holds. `secret` is the 32-byte seed of RFC 8032, as base64url without
 * padding.
 */
export type SecretKey = SigningKey & { readonly secret: string }

/** Returns a new key. */
export function createKey(random: Random = systemRandom): SecretKey {
  return fromSeed(random.bytes(32))
}

/** Returns the key with this secret; null if the text is not base64url of 32 bytes. */
export function openKey(secret: string): SecretKey | null {
  const seed = fromBase64url(secret)
  return seed?.length === 32 ? fromSeed(seed) : null
}

function fromSeed(seed: Uint8Array): SecretKey {
  return {
    secret: toBase64url(seed),
    publicKey: ed25519.getPublicKey(seed),
    sign: (message) => ed25519.sign(message, seed),
  }
}
