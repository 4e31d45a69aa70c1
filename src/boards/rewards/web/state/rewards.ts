import { effect, type ReadonlySignal, signal, untracked } from '@preact/signals'
import { systemClock } from '../../../../core/clock.ts'
import type { PageServices } from '../../../../web/state/page-services.ts'
import type { SignedIn } from '../../../../web/state/session.ts'
import { type AccountModel, openAccount } from './account-model.ts'
import { createActivityStore } from './activity-store.ts'
import { createNetworkModel, type NetworkModel } from './network-model.ts'
import { createTabDevice, type TabDevice } from './tab-device.ts'
import { TAB_IS_DEVICE } from './tab-item.ts'
import { createTabLock } from './tab-lock.ts'

/**
 * Everything behind the views of this board. It is opened with the first of them, and lives as long as the
 * page.
 */
export type Rewards = {
  readonly network: NetworkModel
  /** The user who is logged in, with the devices and earnings; null while there is none. */
  readonly mine: ReadonlySignal<Mine | null>
  readonly tab: TabDevice
  /** Makes this tab a device: logs in, with a new key if the browser has none, and connects. */
  startDevice(): Promise<void>
  stopDevice(): Promise<void>
}

export type Mine = SignedIn & { readonly account: AccountModel }

/** Returns the state of this board on a page, the same one at each call. */
export function rewardsOf(page: PageServices): Rewards {
  const known = OPEN.get(page)
  if (known !== undefined) return known
  const opened = openRewards(page)
  OPEN.set(page, opened)
  return opened
}

const OPEN = new WeakMap<PageServices, Rewards>()

function openRewards(page: PageServices): Rewards {
  const { client, link, session, browser } = page
  const tab = createTabDevice({
    client,
    link,
    lock: createTabLock(browser.locks, 'dashboard.device'),
    traffic: browser.traffic,
  })
  const startDevice = async () => {
    const identity = await session.signUp()
    if (!identity.ok) return
    await tab.start({ id: identity.value.browserId, name: browser.name })
    if (tab.state.peek().status === 'on') browser.tabStorage?.setItem(TAB_IS_DEVICE, 'yes')
  }
  const stopDevice = async () => {
    browser.tabStorage?.removeItem(TAB_IS_DEVICE)
    await tab.stop()
  }
  session.beforeLeaving(stopDevice)
  void page.isResumed.then(async () => {
    const wasDevice = browser.tabStorage?.getItem(TAB_IS_DEVICE) != null
    if (wasDevice && page.signedIn.peek() !== null) await startDevice()
  })
  return {
    network: createNetworkModel(client, link, systemClock),
    mine: followUser(page),
    tab,
    startDevice,
    stopDevice,
  }
}

/** Opens the account of each user who logs in, and closes it when the user is gone. */
function followUser({ client, signedIn, browser }: PageServices): ReadonlySignal<Mine | null> {
  const mine = signal<Mine | null>(null)
  effect(() => {
    const present = signedIn.value
    mine.peek()?.account.close()
    mine.value = untracked(() => {
      if (present === null) return null
      const store = createActivityStore(browser.storage, present.user.id)
      return { ...present, account: openAccount(client, store) }
    })
  })
  return mine
}
