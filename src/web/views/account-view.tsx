import { useComputed } from '@preact/signals'
import { ActivityFeed } from '../components/activity-feed.tsx'
import { useApp } from '../components/app-context.ts'
import { DeviceList } from '../components/device-list.tsx'
import { EarningsPanel } from '../components/earnings-panel.tsx'
import { KeyCare } from '../components/key-care.tsx'
import { TabCard } from '../components/tab-card.tsx'

/** What is one's own: devices, earnings, activity, the key. */
export function AccountView() {
  const { signedIn, tab } = useApp()
  const ownDevice = useComputed(() =>
    tab.state.value.status === 'on' ? (signedIn.value?.identity.deviceId ?? null) : null,
  )
  const mine = signedIn.value
  if (mine === null) {
    return (
      <div class="account-start">
        <h1>My devices</h1>
        <p class="quiet">Your devices and earnings appear here once you have a key.</p>
        <TabCard />
      </div>
    )
  }
  return (
    <div class="account-grid">
      <div class="account-head">
        <h1>{mine.username}</h1>
        <KeyCare identity={mine.identity} username={mine.username} />
      </div>
      <EarningsPanel account={mine.account} rest={mine.rest} />
      <div class="account-side">
        {ownDevice.value === null ? <TabCard /> : null}
        <ActivityFeed account={mine.account} />
      </div>
      <DeviceList account={mine.account} ownDevice={ownDevice} />
    </div>
  )
}
