import { type DeviceView, SCORE_PARTS } from '../state/devices.ts'
import { PART_MEANINGS } from '../state/explain.ts'

type Parts = NonNullable<DeviceView['parts']>

/** A score's four parts as one bar: each part's length is what it can give, its filling what it gives. */
export function ScoreBar({ parts }: { readonly parts: Parts | null }) {
  return (
    <span class="score-bar" aria-hidden="true">
      {SCORE_PARTS.map((part) => {
        const { most } = PART_MEANINGS[part]
        return (
          <span key={part} class={`score-part score-${part}`} style={{ flexGrow: most }}>
            <span style={{ transform: `scaleX(${((parts?.[part] ?? 0) / most).toFixed(4)})` }} />
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
        const { label, most, how } = PART_MEANINGS[part]
        return (
          <div key={part} class={`score-${part}`} title={how}>
            <dt>{label}</dt>
            <dd>
              {parts === null ? '—' : parts[part]}
              <span class="quiet"> / {most}</span>
            </dd>
            <dd class="score-how quiet">{how}</dd>
          </div>
        )
      })}
    </dl>
  )
}
