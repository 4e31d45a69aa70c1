import { useComputed } from '@preact/signals'
import { useApp } from '../components/app-context.ts'
import { Arrivals } from '../components/arrivals.tsx'
import { Countries } from '../components/countries.tsx'
import { useMedia } from '../components/media.ts'
import { NodesPanel } from '../components/nodes-panel.tsx'
import { OnlinePanel } from '../components/online-panel.tsx'
import { ReplayHint } from '../components/replay-hint.tsx'
import { ScoreHistogram } from '../components/score-histogram.tsx'
import { StatStrip } from '../components/stat-strip.tsx'
import { TabCard } from '../components/tab-card.tsx'

/** The whole network at a glance; needs no login. */
export function NetworkView() {
  const { network } = useApp()
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
  // Beside the other column what is too many for it is cut off.
  const arrivals = isEmpty.value ? null : <Arrivals most={isWide ? 20 : 14} />
  const lead = (
    <>
      <h1 class="unseen">The network now</h1>
      <OnlinePanel />
      <StatStrip />
    </>
  )
  // Two columns that do not stretch each other; in one column the order is another, for the eye and for the keyboard alike.
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
