import type { Json } from '../../../../core/json.ts'
import { isJsonObject } from '../../../../core/json.ts'
import { numberIn, textIn } from '../../../../web/state/fields.ts'

/** One line of a user's activity. */
export type Activity = {
  /** Unique in the list. */
  readonly key: string
  readonly at: number
  readonly tone: 'good' | 'warn' | 'quiet'
  readonly device: string
  readonly text: string
}

/** Returns an event of `rewards.activity` in words; null for a kind that this page does not know. */
export function readActivity(key: string, data: Json): Activity | null {
  if (!isJsonObject(data)) return null
  const words = wordsFor(textIn(data, 'kind'), textIn(data, 'why'), numberIn(data, 'score'))
  if (words === null) return null
  return {
    key,
    at: numberIn(data, 'at'),
    device: textIn(data, 'name') || textIn(data, 'device_id'),
    ...words,
  }
}

/** Returns the list with one more line, newest first, `limit` lines at most. */
export function addActivity(
  list: readonly Activity[],
  activity: Activity,
  limit: number,
): readonly Activity[] {
  return list.some(({ key }) => key === activity.key) ? list : [activity, ...list].slice(0, limit)
}

function wordsFor(kind: string, why: string, score: number): Pick<Activity, 'tone' | 'text'> | null {
  switch (kind) {
    case 'device_online':
      return { tone: 'good', text: 'came online' }
    case 'device_offline':
      return { tone: 'quiet', text: why === 'vanished' ? 'lost its connection' : 'went offline' }
    case 'earning':
      return { tone: 'good', text: 'started earning' }
    case 'duplicate_ip':
      return { tone: 'warn', text: 'does not earn: another device has the same address' }
    case 'address_limit':
      return { tone: 'warn', text: 'does not earn: five of your addresses already earn' }
    case 'taken_over':
      return { tone: 'quiet', text: 'moved to another connection' }
    case 'score_established':
      return { tone: 'good', text: `has an established score of ${score}` }
    default:
      return null
  }
}
