import type { SecretKey } from '../../client/key.ts'
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
  /** Returns false when there is certainly nothing to load. */
  mayHave(): boolean
  /** Returns null when there is no identity, or a damaged one. */
  load(openKey: OpenKey): Identity | null
  save(identity: Identity | null): void
}

/** Returns the key with this secret; null if it is none. */
export type OpenKey = (secret: string) => SecretKey | null

/** Returns an identity with this key and a new id of this browser. */
export function newIdentity(key: SecretKey, origin: Identity['origin'], random: Random): Identity {
  return { key, browserId: `tab-${toBase64url(random.bytes(12))}`, origin }
}

export function createIdentityStore(storage: TextStorage | null): IdentityStore {
  const read = () => {
    try {
      return storage?.getItem(ITEM) ?? null
    } catch {
      return null
    }
  }
  return {
    mayHave: () => read() !== null,
    load: (openKey) => readIdentity(read() ?? '', openKey),
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

/** The names of these fields are in the browsers of users. */
function storedIdentity({ key, browserId, origin }: Identity) {
  return { version: 1, secret: key.secret, device_id: browserId, origin }
}

function readIdentity(text: string, openKey: OpenKey): Identity | null {
  const stored = parse(text)
  if (!isJsonObject(stored)) return null
  const key = openKey(textIn(stored, 'secret'))
  const browserId = textIn(stored, 'device_id')
  if (key === null || browserId === '') return null
  return { key, browserId, origin: textIn(stored, 'origin') === 'imported' ? 'imported' : 'made' }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
