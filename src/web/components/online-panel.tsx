import { useApp } from './app-context.ts'
import { Count } from './count.tsx'
import { Sparkline } from './sparkline.tsx'

/** The one number that says whether the network is alive. */
export function OnlinePanel() {
  const { network } = useApp()
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
      <Sparkline />
    </section>
  )
}
