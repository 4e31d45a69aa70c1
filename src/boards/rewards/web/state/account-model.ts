import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { GrowingAmount } from '../../../../client/amount.ts'
import type { Client, Cursor } from '../../../../client/api.ts'
import type { JsonObject } from '../../../../core/json.ts'
import { type ChannelModel, openChannel } from '../../../../web/state/channel-model.ts'
import { amountIn, numberIn, objectIn } from '../../../../web/state/fields.ts'
import { type Activity, addActivity, readActivity } from './activity.ts'
import type { ActivityStore } from './activity-store.ts'
import { type DeviceView, orderDevices, readDevice } from './devices.ts'

/** The devices, earnings and activity of the user who is logged in. */
export type AccountModel = {
  readonly networks: ChannelModel
  readonly earnings: ChannelModel
  readonly isLoaded: ReadonlySignal<boolean>
  /** In the order of the list. */
  readonly deviceIds: ReadonlySignal<readonly string[]>
  /** Returns one device, as the same signal at each call; null once it is gone. */
  device(id: string): ReadonlySignal<DeviceView | null>
  readonly total: ReadonlySignal<GrowingAmount>
  readonly counts: ReadonlySignal<{
    readonly devices: number
    readonly online: number
    readonly earning: number
  }>
  /** Newest first, with what happened since the last visit of this browser. */
  readonly activity: ReadonlySignal<readonly Activity[]>
  close(): void
}

/** Subscribes to the user's channels. `store` keeps the activity, and how far this browser has read it. */
export function openAccount(client: Client, store: ActivityStore): AccountModel {
  const networks = openChannel(client, 'rewards.networks')
  const earnings = openChannel(client, 'rewards.earnings')
  const devices = computed(() => objectIn(networks.value.value, 'devices'))
  const stored = store.load()
  const activity = signal(stored.list)
  let isMarked = stored.cursor !== null
  const stopEvents = client.events(
    'rewards.activity',
    (event) => {
      const line = readActivity(`${event.epoch}.${event.seq}`, event.data)
      if (line !== null) activity.value = addActivity(activity.peek(), line, MAX_ACTIVITY)
      const cursor: Cursor = { epoch: event.epoch, seq: event.seq }
      isMarked = true
      store.save({ cursor, list: activity.peek() })
    },
    stored.cursor ?? undefined,
  )
  // The activity begins with the first visit: what happens after it, while the page is closed, is in the
  // second.
  const stopMarking = effect(() => {
    if (networks.value.value === null || isMarked) return
    isMarked = true
    store.save({ cursor: networks.position(), list: activity.peek() })
  })
  return {
    networks,
    earnings,
    isLoaded: computed(() => networks.value.value !== null),
    deviceIds: stableList(devices),
    device: deviceSignals(devices),
    total: computed(() => amountIn(earnings.value.value, 'total')),
    counts: computed(() => ({
      devices: numberIn(earnings.value.value, 'devices'),
      online: numberIn(earnings.value.value, 'devices_online'),
      earning: numberIn(earnings.value.value, 'devices_earning'),
    })),
    activity,
    close() {
      networks.close()
      earnings.close()
      stopEvents()
      stopMarking()
    },
  }
}

const MAX_ACTIVITY = 30

/**
 * Returns the order of the list, as the same array while it is the same order: most updates do not change it.
 */
function stableList(devices: ReadonlySignal<JsonObject>): ReadonlySignal<readonly string[]> {
  let last: readonly string[] = []
  return computed(() => {
    const next = orderDevices(devices.value)
    if (next.length !== last.length || next.some((id, i) => id !== last[i])) last = next
    return last
  })
}

function deviceSignals(
  devices: ReadonlySignal<JsonObject>,
): (id: string) => ReadonlySignal<DeviceView | null> {
  const known = new Map<string, ReadonlySignal<DeviceView | null>>()
  return (id) => {
    const found = known.get(id)
    if (found !== undefined) return found
    const fields = computed(() => (Object.hasOwn(devices.value, id) ? objectIn(devices.value, id) : null))
    const device = computed(() => (fields.value === null ? null : readDevice(id, fields.value)))
    known.set(id, device)
    return device
  }
}
