import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'
import { formatAge, formatCount } from '../format.ts'
import { drawSpark, type Sample } from '../state/samples.ts'

type SparklineProps = {
  /** What the values are, for those who cannot see the line: "Devices online". */
  readonly name: string
  readonly samples: ReadonlySignal<readonly Sample[]>
  /** The time that the line covers when there are samples for all of it, in ms. */
  readonly span: Millis
}

/** A line of a value over the last minutes; a gap where the page did not know it. */
export function Sparkline({ name, samples, span }: SparklineProps) {
  const covered = useComputed(() => {
    const known = (samples.value.at(-1)?.at ?? 0) - (samples.value[0]?.at ?? 0)
    return Math.min(span, Math.max(MIN_SPAN, known))
  })
  const spark = useComputed(() => {
    const now = samples.value.at(-1)?.at ?? 0
    return drawSpark(samples.value, { now, span: covered.value, width: WIDTH, height: HEIGHT })
  })
  const since = useComputed(() => `${formatAge(Math.ceil(covered.value / 1000) * 1000)} ago`)
  const line = useComputed(() => spark.value?.line ?? '')
  const area = useComputed(() => spark.value?.area ?? '')
  const high = useComputed(() => (spark.value === null ? '' : formatCount(spark.value.high)))
  const low = useComputed(() => (spark.value === null ? '' : formatCount(spark.value.low)))
  const label = useComputed(() => {
    const values = spark.value === null ? 'no data yet' : `between ${low.value} and ${high.value}`
    return `${name} over the last minutes: ${values}`
  })
  const dotTop = useComputed(() => `--y: ${(spark.value?.end?.y ?? HEIGHT) / HEIGHT}`)
  const dotClass = useComputed(() => (spark.value?.end == null ? 'spark-dot is-off' : 'spark-dot'))
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

const WIDTH = 600
const HEIGHT = 120
/** While there are few samples the line is drawn wider, so that it is a line at all. */
const MIN_SPAN: Millis = 60_000
