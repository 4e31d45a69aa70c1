import '../styles/index.css'
import { useComputed } from '@preact/signals'
import { KeyCare } from '../../../../web/components/key-care.tsx'
import { Name } from '../../../../web/components/name.tsx'
import { ActivityFeed } from '../components/activity-feed.tsx'
import { DeviceList } from '../components/device-list.tsx'
import { EarningsPanel } from '../components/earnings-panel.tsx'
import { TabCard } from '../components/tab-card.tsx'
import { useRewards, useRewardsTexts } from '../components/use-rewards.ts'

/** The devices, earnings, activity and key of the user. */
export default function AccountView() {
  useRewardsTexts()
  const { mine, tab } = useRewards()
  const ownDevice = useComputed(() =>
    tab.state.value.status === 'on' ? (mine.value?.identity.browserId ?? null) : null,
  )
  const present = mine.value
  if (present === null) {
    return (
      <div class="account-start">
        <h1>My devices</h1>
        <p class="quiet">Your devices and earnings are shown here once you have a key.</p>
        <TabCard />
      </div>
    )
  }
  return (
    <div class="account-grid">
      <div class="account-head">
        <h1>
          <Name text={present.user.username} />
        </h1>
        <KeyCare mine={present} />
      </div>
      <EarningsPanel account={present.account} rest={present.rest} />
      <div class="account-side">
        {ownDevice.value === null ? <TabCard /> : null}
        <ActivityFeed account={present.account} />
      </div>
      <DeviceList account={present.account} ownDevice={ownDevice} />
    </div>
  )
}
