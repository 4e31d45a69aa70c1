import '../styles/index.css'
import { useComputed } from '@preact/signals'
import { useMedia } from '../../../../web/components/media.ts'
import { NodesPanel } from '../../../../web/components/nodes-panel.tsx'
import { Arrivals } from '../components/arrivals.tsx'
import { Countries } from '../components/countries.tsx'
import { OnlinePanel } from '../components/online-panel.tsx'
import { ReplayHint } from '../components/replay-hint.tsx'
import { ScoreHistogram } from '../components/score-histogram.tsx'
import { StatStrip } from '../components/stat-strip.tsx'
import { TabCard } from '../components/tab-card.tsx'
import { useRewards, useRewardsTexts } from '../components/use-rewards.ts'

/** The whole network on one screen; needs no login. */
export default function NetworkView() {
  useRewardsTexts()
  const { network } = useRewards()
  const isEmpty = useComputed(() => network.isLoaded.value && network.devices.value === 0)
  const isWide = useMedia('(min-width: 1081px)')
  const details = isEmpty.value ? (
    <ReplayHint />
  ) : (
    <div class="network-pair">
      <Countries />
      <ScoreHistogram />
    </div>
  )
  // In two columns, the rows beyond the height of the other column are cut off.
  const arrivals = isEmpty.value ? null : <Arrivals max={isWide ? 20 : 14} />
  const lead = (
    <>
      <h1 class="unseen">The network now</h1>
      <OnlinePanel />
      <StatStrip />
    </>
  )
  // Two columns that do not stretch each other. In one column the order is another, for the eye and the
  // keyboard.
  return isWide ? (
    <div class="network-wide">
      <div class="stack">
        {lead}
        {details}
        <NodesPanel />
      </div>
      <div class="stack">
        <TabCard />
        {arrivals}
      </div>
    </div>
  ) : (
    <div class="stack">
      {lead}
      <TabCard />
      {details}
      {arrivals}
      <NodesPanel />
    </div>
  )
}
