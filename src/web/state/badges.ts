import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import { numberIn } from './fields.ts'
import { openReadableChannels } from './readable-channels.ts'
import type { Place } from './route.ts'

/** The numbers behind the titles of views, by the id of the view; 0 while no user is logged in. */
export type Badges = ReadonlyMap<string, ReadonlySignal<number>>

export type BadgesDeps = {
  readonly client: Pick<Client, 'subscribe'>
  readonly places: readonly Place[]
  readonly isLoggedIn: ReadonlySignal<boolean>
}

export function openBadges({ client, places, isLoggedIn }: BadgesDeps): Badges {
  const badges = places.flatMap(({ view: { id, badge } }) => (badge === undefined ? [] : [{ id, ...badge }]))
  const models = openReadableChannels({
    client,
    wanted: signal([...new Set(badges.map(({ channel }) => channel))]),
    publicChannels: signal([]),
    isLoggedIn,
  })
  return new Map(
    badges.map(({ id, channel, field }) => [
      id,
      computed(() => numberIn(models.value.get(channel)?.value.value ?? null, field)),
    ]),
  )
}
