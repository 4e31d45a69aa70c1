import type { Cursor } from '../../client/api.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import type { Activity } from './activity.ts'
import { numberIn, textIn } from './fields.ts'
import type { TextStorage } from './identity.ts'

/** The activity as far as this browser has read it, so that a later visit goes on from there and misses nothing. */
export type KeptActivity = { readonly cursor: Cursor | null; readonly list: readonly Activity[] }

export type ActivityStore = { load(): KeptActivity; save(kept: KeptActivity): void }

/** One user's, under a name of its own. Where storage is forbidden, the activity begins with the page. */
export function createActivityStore(storage: TextStorage | null, user: string): ActivityStore {
  const place = `${ACTIVITY_PREFIX}${user}`
  return {
    load() {
      try {
        return readKept(JSON.parse(storage?.getItem(place) ?? 'null'))
      } catch {
        return NOTHING
      }
    },
    save(kept) {
      try {
        storage?.setItem(place, JSON.stringify(kept))
      } catch {
        // Full or forbidden: the list on the screen is all there is then.
      }
    },
  }
}

/** Every user's activity is kept under this prefix and the user's id. */
export const ACTIVITY_PREFIX = 'dashboard.activity.'

const NOTHING: KeptActivity = { cursor: null, list: [] }

function readKept(kept: Json): KeptActivity {
  if (!isJsonObject(kept) || !isJsonObject(kept.cursor) || !Array.isArray(kept.list)) return NOTHING
  const { cursor } = kept
  const list = kept.list.flatMap((line: Json) => (isJsonObject(line) ? [readLine(line)] : []))
  return { cursor: { epoch: numberIn(cursor, 'epoch'), seq: numberIn(cursor, 'seq') }, list }
}

function readLine(line: { readonly [key: string]: Json }): Activity {
  const tone = textIn(line, 'tone')
  return {
    key: textIn(line, 'key'),
    at: numberIn(line, 'at'),
    tone: tone === 'good' || tone === 'warn' ? tone : 'quiet',
    device: textIn(line, 'device'),
    text: textIn(line, 'text'),
  }
}
