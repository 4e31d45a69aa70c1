import { useComputed } from '@preact/signals'
import { useApp } from '../components/app-context.ts'
import { Arrivals } from '../components/arrivals.tsx'
import { Countries } from '../components/countries.tsx'
import { OnlinePanel } from '../components/online-panel.tsx'
import { ReplayHint } from '../components/replay-hint.tsx'
import { ScoreHistogram } from '../components/score-histogram.tsx'
import { StatStrip } from '../components/stat-strip.tsx'
import { TabCard } from '../components/tab-card.tsx'

/** The whole network at a glance; needs no login. */
export function NetworkView() {
  const { network } = useApp()
  const isEmpty = useComputed(() => network.isLoaded.value && network.devices.value === 0)
  return (
    <div class="network-grid">
      <div class="network-lead">
        <OnlinePanel />
        <StatStrip />
        {isEmpty.value ? <ReplayHint /> : null}
      </div>
      <div class="network-tab">
        <TabCard />
      </div>
      {isEmpty.value ? null : (
        <>
          <Countries />
          <ScoreHistogram />
          <Arrivals />
        </>
      )}
    </div>
  )
}
