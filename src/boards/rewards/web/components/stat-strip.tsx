import { useComputed } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Amount } from '../../../../web/components/amount.tsx'
import { Count } from '../../../../web/components/count.tsx'
import { formatShare } from '../../../../web/format.ts'
import { formatDecimalPoints } from '../format.ts'
import { useRewards } from './use-rewards.ts'

/** The network's other figures, side by side. */
export function StatStrip() {
  const { network } = useRewards()
  const perHour = useComputed(() => formatDecimalPoints(network.pointsPerHour.value))
  const share = useComputed(() => formatShare(network.earning.value, network.online.value))
  return (
    <dl class="panel strip">
      <Stat label="Points earned in total" note="by all devices, of all time">
        <Amount of={network.total} />
      </Stat>
      <Stat label="Points an hour" note="at the current rate">
        {perHour}
      </Stat>
      <Stat label="Earning now" note={<>{share} of those online</>}>
        <Count of={network.earning} />
      </Stat>
      <Stat label="Users" note="with at least one device">
        <Count of={network.users} />
      </Stat>
    </dl>
  )
}

type StatProps = {
  readonly label: string
  readonly note: ComponentChildren
  readonly children: ComponentChildren
}

function Stat({ label, note, children }: StatProps) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>
        <span class="figure">{children}</span>
        <span class="quiet">{note}</span>
      </dd>
    </div>
  )
}
