import { afterAll, describe, expect, test } from 'bun:test'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFromSecret, makeKeyFile, readKeyFile } from '../../src/cli/key-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true }))
const message = new TextEncoder().encode('hello')

describe('a key file', () => {
  test('is for the owner only, is never overwritten, and signs for the public key that was told', async () => {
    const path = join(folder, 'a.key')
    const made = makeKeyFile(path)
    if (!made.ok) throw new Error(made.error)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const before = readFileSync(path, 'utf8')
    expect(makeKeyFile(path).ok).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe(before)
    const key = readKeyFile(path)
    if (!key.ok) throw new Error(key.error)
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: made.value }
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    expect(verify(null, message, publicKey, await key.value.sign(message))).toBe(true)
  })

  test('of another kind, or none at all, is refused in words', () => {
    const other = join(folder, 'x25519.key')
    const pair = generateKeyPairSync('x25519')
    writeFileSync(other, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const text = join(folder, 'text.key')
    writeFileSync(text, 'not a key')
    for (const path of [other, text]) expect(reason(readKeyFile(path))).toContain(path)
    expect(reason(readKeyFile(join(folder, 'missing.key')))).toContain('npm run keygen')
    expect(reason(makeKeyFile(join(folder, 'no', 'such', 'folder.key')))).toContain('folder does not exist')
  })

  test('from a secret signs as RFC 8032 says (7.1, test 2)', async () => {
    const key = keyFromSecret(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
    expect(key.publicKey).toEqual(hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'))
    expect(Buffer.from(await key.sign(hex('72'))).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })
})

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function reason(result: { readonly ok: boolean; readonly error?: string }): string {
  return result.error ?? ''
}
