import { useComputed } from '@preact/signals'
import { formatAge, formatCount } from '../format.ts'
import { HISTORY_SPAN } from '../state/network-model.ts'
import { drawSpark } from '../state/samples.ts'
import { useApp } from './app-context.ts'

const WIDTH = 600
const HEIGHT = 120
/** While the page is young its line is drawn wider, so that it is a line at all. */
const SHORTEST_SPAN = 60_000

/** Devices online over the last minutes, once a second; a gap where the page did not know. */
export function Sparkline() {
  const { network } = useApp()
  const span = useComputed(() => {
    const samples = network.history.value
    const known = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)
    return Math.min(HISTORY_SPAN, Math.max(SHORTEST_SPAN, known))
  })
  const spark = useComputed(() => {
    const now = network.history.value.at(-1)?.at ?? 0
    return drawSpark(network.history.value, { now, span: span.value, width: WIDTH, height: HEIGHT })
  })
  const since = useComputed(() => `${formatAge(Math.ceil(span.value / 1000) * 1000)} ago`)
  const line = useComputed(() => spark.value?.line ?? '')
  const area = useComputed(() => spark.value?.area ?? '')
  const label = useComputed(() => {
    const { value } = spark
    if (value === null) return 'Devices online over the last minutes: no data yet'
    return `Devices online over the last minutes: between ${formatCount(value.low)} and ${formatCount(value.high)}`
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
        <span>{since}</span>
        <span>
          low {low} · high {high}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
