import type { Millis } from '../../core/clock.ts'

/** A value at a time; null: it was not known then, and the line has a gap. */
export type Sample = { readonly at: Millis; readonly value: number | null }

/** Returns the samples of the last `span` ms, with the new one at the end. */
export function addSample(samples: readonly Sample[], sample: Sample, span: Millis): readonly Sample[] {
  const from = sample.at - span
  const kept = samples.findIndex((old) => old.at >= from)
  return kept < 0 ? [sample] : [...samples.slice(kept), sample]
}

/** The box that a line is drawn in: its right edge is `now`, its left edge `span` ms earlier. */
export type Plot = {
  readonly now: Millis
  readonly span: Millis
  readonly width: number
  readonly height: number
}

/** SVG path data of the line and of the area under it; the values' range fills the height. */
export type Spark = {
  readonly line: string
  readonly area: string
  /** Where the line ends, for a dot; null when nothing is known at the moment. */
  readonly end: { readonly x: number; readonly y: number } | null
  readonly low: number
  readonly high: number
}

/** Returns null while there are fewer than two samples to draw a line between. */
export function drawSpark(samples: readonly Sample[], plot: Plot): Spark | null {
  const known = samples.flatMap(({ value }) => (value === null ? [] : [value]))
  if (known.length < 2) return null
  const low = Math.min(...known)
  const high = Math.max(...known)
  const { bottom, top } = range(low, high)
  const x = (at: Millis) => round(plot.width * (1 - (plot.now - at) / plot.span))
  const y = (value: number) => round(plot.height * (1 - (value - bottom) / (top - bottom)))
  let line = ''
  let area = ''
  for (const run of runs(samples)) {
    const points = run.map(({ at, value }) => `${x(at)},${y(value)}`)
    const [first, last] = [run[0], run[run.length - 1]]
    if (first === undefined || last === undefined || points.length < 2) continue
    line += `M${points.join('L')}`
    area += `M${x(first.at)},${plot.height}L${points.join('L')}L${x(last.at)},${plot.height}Z`
  }
  const newest = samples[samples.length - 1]
  const end = newest === undefined || newest.value === null ? null : { x: x(newest.at), y: y(newest.value) }
  return { line, area, end, low, high }
}

/**
 * Returns the values at the edges of the box: at least a tenth of the value, so that a small change looks
 * small.
 */
function range(low: number, high: number): { readonly bottom: number; readonly top: number } {
  const minHeight = Math.max(4, high * 0.1)
  const middle = (low + high) / 2
  const half = Math.max(high - low, minHeight) * 0.6
  return { bottom: Math.max(0, middle - half), top: Math.max(0, middle - half) + 2 * half }
}

type KnownSample = { readonly at: Millis; readonly value: number }

/** Returns the stretches without a gap. */
function runs(samples: readonly Sample[]): readonly (readonly KnownSample[])[] {
  const found: KnownSample[][] = []
  let run: KnownSample[] = []
  for (const { at, value } of samples) {
    if (value === null) {
      if (run.length > 0) found.push(run)
      run = []
    } else run.push({ at, value })
  }
  return run.length > 0 ? [...found, run] : found
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
