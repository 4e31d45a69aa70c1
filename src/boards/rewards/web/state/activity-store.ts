import type { Cursor } from '../../../../client/api.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../../core/json.ts'
import { type TextStorage, userItem } from '../../../../web/state/browser-storage.ts'
import { numberIn, textIn } from '../../../../web/state/fields.ts'
import type { Activity } from './activity.ts'

/** The activity as far as this browser has read it: a later visit continues from there and misses nothing. */
export type StoredActivity = { readonly cursor: Cursor | null; readonly list: readonly Activity[] }

export type ActivityStore = { load(): StoredActivity; save(activity: StoredActivity): void }

/** Returns the store of one user. Where storage is forbidden, the activity begins with the page. */
export function createActivityStore(storage: TextStorage | null, user: string): ActivityStore {
  const item = userItem('activity', user)
  return {
    load() {
      try {
        return readStored(JSON.parse(storage?.getItem(item) ?? 'null'))
      } catch {
        return NOTHING
      }
    },
    save(activity) {
      try {
        storage?.setItem(item, JSON.stringify(activity))
      } catch {
        // The storage is full or forbidden: the list lasts as long as the page.
      }
    },
  }
}

const NOTHING: StoredActivity = { cursor: null, list: [] }

function readStored(stored: Json): StoredActivity {
  if (!isJsonObject(stored) || !isJsonObject(stored.cursor) || !Array.isArray(stored.list)) return NOTHING
  const { cursor } = stored
  const list = stored.list.flatMap((line: Json) => (isJsonObject(line) ? [readLine(line)] : []))
  return { cursor: { epoch: numberIn(cursor, 'epoch'), seq: numberIn(cursor, 'seq') }, list }
}

function readLine(line: JsonObject): Activity {
  const tone = textIn(line, 'tone')
  return {
    key: textIn(line, 'key'),
    at: numberIn(line, 'at'),
    tone: tone === 'good' || tone === 'warn' ? tone : 'quiet',
    device: textIn(line, 'device'),
    text: textIn(line, 'text'),
  }
}
