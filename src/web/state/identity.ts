import { createKey, openKey, type SecretKey } from '../../client/key.ts'
import { toBase64url } from '../../core/base64url.ts'
import type { Random } from '../../core/clock.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import type { TextStorage } from './browser-storage.ts'
import { textIn } from './fields.ts'

/** Who uses this browser: a key, and an id of the browser, which no other browser with the same key has. */
export type Identity = {
  readonly key: SecretKey
  readonly browserId: string
  readonly origin: 'made' | 'imported'
}

/** Keeps the identity in this browser. Where the browser forbids storage, it lasts as long as the page. */
export type IdentityStore = {
  load(): Identity | null
  save(identity: Identity | null): void
}

export function makeIdentity(random: Random): Identity {
  return { key: createKey(random), browserId: newBrowserId(random), origin: 'made' }
}

/** Returns an identity with a key from elsewhere, and a new id of this browser. */
export function importIdentity(key: SecretKey, random: Random): Identity {
  return { key, browserId: newBrowserId(random), origin: 'imported' }
}

export function createIdentityStore(storage: TextStorage | null): IdentityStore {
  return {
    load() {
      try {
        return readIdentity(JSON.parse(storage?.getItem(ITEM) ?? 'null'))
      } catch {
        return null
      }
    },
    save(identity) {
      try {
        if (identity === null) storage?.removeItem(ITEM)
        else storage?.setItem(ITEM, JSON.stringify(storedIdentity(identity)))
      } catch {
        // The storage is full or forbidden.
      }
    },
  }
}

const ITEM = 'dashboard.identity'

function newBrowserId(random: Random): string {
  return `tab-${toBase64url(random.bytes(12))}`
}

/** The names of these fields are in the browsers of users. */
function storedIdentity({ key, browserId, origin }: Identity) {
  return { version: 1, secret: key.secret, device_id: browserId, origin }
}

function readIdentity(stored: Json): Identity | null {
  if (!isJsonObject(stored)) return null
  const key = openKey(textIn(stored, 'secret'))
  const browserId = textIn(stored, 'device_id')
  if (key === null || browserId === '') return null
  return { key, browserId, origin: textIn(stored, 'origin') === 'imported' ? 'imported' : 'made' }
}
