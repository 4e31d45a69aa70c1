import { describe, expect, test } from 'bun:test'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { createKey, openKey } from '../../src/client/key.ts'
import { createIdentityStore, newIdentity } from '../../src/web/state/identity.ts'
import { readKeyText, writeKeyText } from '../../src/web/state/key-text.ts'
import { seededBytes } from '../support/journal.ts'
import { forbiddenStorage, memoryStorage } from './storage.ts'

describe('key files', () => {
  test('of OpenSSL and the command line are read, and sign the same', () => {
    const pair = generateKeyPairSync('ed25519')
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const key = readKeyText(`some words before\n${pem}`)
    if (!key.ok) throw new Error(key.error)
    const message = new TextEncoder().encode('to be signed')
    const signature = key.value.sign(message)
    if (!(signature instanceof Uint8Array)) throw new Error('this key signs at once')
    expect(verify(null, message, pair.publicKey, signature)).toBe(true)
  })

  test('that the page writes are read by OpenSSL and by the page', () => {
    const key = createKey(seededBytes(1))
    const pem = writeKeyText(key)
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    expect(new Uint8Array(der.subarray(-32))).toEqual(new Uint8Array(key.publicKey))
    expect(readKeyText(pem)).toMatchObject({ ok: true, value: { secret: key.secret } })
  })

  test('of other kinds are refused with a sentence that says what is wrong', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const pair = generateKeyPairSync('ed25519')
    const text = (pem: string | Buffer) => readKeyText(pem.toString())
    const refused = [
      [text(pair.publicKey.export({ type: 'spki', format: 'pem' })), 'public key'],
      [text(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })), 'not an Ed25519 key'],
      [text(rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })), 'RSA PRIVATE KEY'],
      [text('AAAAC3NzaC1lZDI1NTE5AAAAIPk'), 'whole key file'],
      [text(''), 'whole key file'],
      [text('-----BEGIN PRIVATE KEY-----\nMC4C=A\n-----END PRIVATE KEY-----'), 'damaged'],
    ] as const
    for (const [result, words] of refused) {
      expect(result).toMatchObject({ ok: false, error: expect.stringContaining(words) })
    }
  })
})

describe('the identity of a browser', () => {
  test('is the same after a reload, and gone when it is forgotten', () => {
    const storage = memoryStorage()
    const identity = newIdentity(createKey(seededBytes(2)), 'made', seededBytes(3))
    createIdentityStore(storage).save(identity)
    const loaded = createIdentityStore(storage).load(openKey)
    expect(loaded).toMatchObject({ browserId: identity.browserId, origin: 'made' })
    expect(loaded?.key.publicKey).toEqual(identity.key.publicKey)
    createIdentityStore(storage).save(null)
    expect(createIdentityStore(storage).load(openKey)).toBeNull()
    expect(createIdentityStore(storage).mayHave()).toBe(false)
  })

  test('has an id of the browser that the server takes as the id of a device, another one for each login', () => {
    const key = createKey(seededBytes(3))
    const first = newIdentity(key, 'made', seededBytes(4))
    const second = newIdentity(key, 'imported', seededBytes(5))
    expect(second.browserId).not.toBe(first.browserId)
    expect(second.browserId).toMatch(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/)
  })

  test('does not exist in a damaged or forbidden storage, and that is no exception', () => {
    for (const text of ['{', '[]', 'null', '{"secret":"short","device_id":"d"}']) {
      const storage = memoryStorage()
      storage.setItem('dashboard.identity', text)
      expect(createIdentityStore(storage).load(openKey)).toBeNull()
    }
    expect(createIdentityStore(forbiddenStorage).load(openKey)).toBeNull()
    const identity = newIdentity(createKey(seededBytes(6)), 'made', seededBytes(7))
    expect(() => createIdentityStore(forbiddenStorage).save(identity)).not.toThrow()
    expect(createIdentityStore(null).load(openKey)).toBeNull()
  })
})
