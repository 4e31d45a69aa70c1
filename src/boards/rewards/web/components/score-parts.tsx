import { type DeviceView, SCORE_PARTS } from '../state/devices.ts'
import { PART_MEANINGS } from '../state/explain.ts'

type Parts = NonNullable<DeviceView['parts']>

/** The four parts of a score as one bar: the length of a part is its maximum, its filling its value. */
export function ScoreBar({ parts }: { readonly parts: Parts | null }) {
  return (
    <span class="score-bar" aria-hidden="true">
      {SCORE_PARTS.map((part) => {
        const { max } = PART_MEANINGS[part]
        return (
          <span key={part} class={`score-part score-${part}`} style={{ flexGrow: max }}>
            <span style={{ transform: `scaleX(${((parts?.[part] ?? 0) / max).toFixed(4)})` }} />
          </span>
        )
      })}
    </span>
  )
}

/** The same in words and numbers. */
export function ScoreLegend({ parts }: { readonly parts: Parts | null }) {
  return (
    <dl class="score-legend">
      {SCORE_PARTS.map((part) => {
        const { label, max, how } = PART_MEANINGS[part]
        return (
          <div key={part} class={`score-${part}`} title={how}>
            <dt>{label}</dt>
            <dd>
              {parts === null ? '—' : parts[part]}
              <span class="quiet"> / {max}</span>
            </dd>
            <dd class="score-how quiet">{how}</dd>
          </div>
        )
      })}
    </dl>
  )
}
