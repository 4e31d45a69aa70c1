import { useComputed } from '@preact/signals'
import { formatCount } from '../format.ts'
import { HISTORY_SPAN } from '../state/network-model.ts'
import { drawSpark } from '../state/samples.ts'
import { useApp } from './app-context.ts'

const WIDTH = 600
const HEIGHT = 120

/** Devices online over the last minutes, once a second; a gap where the page did not know. */
export function Sparkline() {
  const { network } = useApp()
  const spark = useComputed(() => {
    const now = network.history.value.at(-1)?.at ?? 0
    return drawSpark(network.history.value, { now, span: HISTORY_SPAN, width: WIDTH, height: HEIGHT })
  })
  const line = useComputed(() => spark.value?.line ?? '')
  const area = useComputed(() => spark.value?.area ?? '')
  const label = useComputed(() => {
    const { value } = spark
    if (value === null) return 'Devices online over the last five minutes: no data yet'
    return `Devices online over the last five minutes: between ${formatCount(value.low)} and ${formatCount(value.high)}`
  })
  const dotTop = useComputed(() => `--y: ${(spark.value?.end?.y ?? HEIGHT) / HEIGHT}`)
  const dotClass = useComputed(() => (spark.value?.end == null ? 'spark-dot is-off' : 'spark-dot'))
  const high = useComputed(() => (spark.value === null ? '' : formatCount(spark.value.high)))
  const low = useComputed(() => (spark.value === null ? '' : formatCount(spark.value.low)))
  return (
    <figure class="spark">
      <div class="spark-plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <path class="spark-area" d={area} />
          <path class="spark-line" d={line} />
        </svg>
        <span class={dotClass} style={dotTop} />
      </div>
      <figcaption class="spark-scale">
        <span>5 min ago</span>
        <span>
          low {low} · high {high}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
