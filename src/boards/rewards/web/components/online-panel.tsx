import { Count } from '../../../../web/components/count.tsx'
import { Sparkline } from '../../../../web/components/sparkline.tsx'
import { HISTORY_SPAN } from '../state/network-model.ts'
import { useRewards } from './use-rewards.ts'

/** How many devices are online, now and over the last minutes. */
export function OnlinePanel() {
  const { network } = useRewards()
  return (
    <section class="panel online" aria-labelledby="online-title">
      <div class="online-figure">
        <h2 id="online-title">Devices online</h2>
        <p class="figure-huge">
          <Count of={network.online} />
        </p>
        <p class="quiet">
          of <Count of={network.devices} /> ever seen
        </p>
      </div>
      <Sparkline name="Devices online" samples={network.history} span={HISTORY_SPAN} />
    </section>
  )
}
