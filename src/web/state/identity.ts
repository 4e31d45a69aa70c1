import { createKey, openKey, type SecretKey } from '../../client/key.ts'
import { toBase64url } from '../../core/base64url.ts'
import type { Random } from '../../core/clock.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import { textIn } from './fields.ts'

/** Who this browser is: a key, and the id it uses as a device. */
export type Identity = {
  readonly key: SecretKey
  readonly deviceId: string
  readonly origin: 'made' | 'imported'
}

/** Keeps the identity in this browser. Where the browser forbids storage, it lasts as long as the page. */
export type IdentityStore = {
  load(): Identity | null
  save(identity: Identity | null): void
}

/** What of `localStorage` is needed. */
export type TextStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export function makeIdentity(random: Random): Identity {
  return { key: createKey(random), deviceId: newDeviceId(random), origin: 'made' }
}

/** A key from elsewhere gets a device id of its own: a device id belongs to the user who used it first. */
export function importIdentity(key: SecretKey, random: Random): Identity {
  return { key, deviceId: newDeviceId(random), origin: 'imported' }
}

export function createIdentityStore(storage: TextStorage | null): IdentityStore {
  return {
    load() {
      try {
        return readIdentity(JSON.parse(storage?.getItem(PLACE) ?? 'null'))
      } catch {
        return null
      }
    },
    save(identity) {
      try {
        if (identity === null) storage?.removeItem(PLACE)
        else storage?.setItem(PLACE, JSON.stringify(printed(identity)))
      } catch {
        // Full or forbidden.
      }
    },
  }
}

const PLACE = 'dashboard.identity'

function newDeviceId(random: Random): string {
  return `tab-${toBase64url(random.bytes(12))}`
}

function printed({ key, deviceId, origin }: Identity) {
  return { version: 1, secret: key.secret, device_id: deviceId, origin }
}

function readIdentity(kept: Json): Identity | null {
  if (!isJsonObject(kept)) return null
  const key = openKey(textIn(kept, 'secret'))
  const deviceId = textIn(kept, 'device_id')
  if (key === null || deviceId === '') return null
  return { key, deviceId, origin: textIn(kept, 'origin') === 'imported' ? 'imported' : 'made' }
}
