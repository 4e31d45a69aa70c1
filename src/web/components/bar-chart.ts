import uPlot from 'uplot'

export type Bar = { readonly label: string; readonly value: number }

export type Bars = {
  readonly bars: readonly Bar[]
  /** Room for one label on the axis, in CSS pixels. Labels that have none are left out, the newest never. */
  readonly labelWidth: number
}

/** A chart in an element of the page. */
export type BarChart = {
  show(bars: Bars): void
  close(): void
}

/**
 * Draws bars by uPlot, in the colours that the element's styles name; follows the element's width and the
 * system's light or dark. `onHover` gets the index under the pointer, or null.
 */
export function openBarChart(place: HTMLElement, onHover: (index: number | null) => void): BarChart {
  let plot: uPlot | null = null
  let drawn: Bars | null = null

  const draw = () => {
    plot?.destroy()
    plot = drawn === null ? null : new uPlot(optionsFor(place, drawn, onHover), dataOf(drawn), place)
  }

  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', draw)
  const resized = new ResizeObserver(() => plot?.setSize(sizeOf(place)))
  resized.observe(place)

  return {
    show(next) {
      const before = drawn
      drawn = next
      // The same bars with other heights: no flicker, and the pointer stays where it is.
      if (before !== null && plot !== null && hasSameLabels(before, next)) plot.setData(dataOf(next))
      else draw()
    },
    close() {
      dark.removeEventListener('change', draw)
      resized.disconnect()
      plot?.destroy()
    },
  }
}

function hasSameLabels(a: Bars, b: Bars): boolean {
  return a.bars.length === b.bars.length && a.bars.every(({ label }, at) => label === b.bars[at]?.label)
}

/** The bars are at 0, 1, 2 ...: they need not stand for equal times, and labels are put by index. */
function dataOf({ bars }: Bars): uPlot.AlignedData {
  return [bars.map((_, at) => at), bars.map(({ value }) => value)]
}

function optionsFor(
  place: HTMLElement,
  { bars, labelWidth }: Bars,
  onHover: (index: number | null) => void,
): uPlot.Options {
  const colour = (name: string) => resolveColour(place, name)
  const text = colour('--text-3')
  const grid = { stroke: colour('--line'), width: 1 }
  const font = `12px ${getComputedStyle(place).fontFamily}`
  const paths = uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.2 })
  return {
    ...sizeOf(place),
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: [-0.6, bars.length - 0.4] },
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        stroke: text,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 28,
        gap: 8,
        splits: () => labelledIndexes(bars.length, place.clientWidth / labelWidth),
        values: (_plot, splits) => splits.map((at) => bars[at]?.label ?? ''),
      },
      { stroke: text, font, grid, ticks: { show: false }, size: 44, gap: 8, space: 36 },
    ],
    series: [
      {},
      {
        fill: colour('--accent-fill'),
        width: 0,
        points: { show: false },
        ...(paths === undefined ? {} : { paths }),
      },
    ],
  }
}

/** Returns about `room` indexes that get a label, counted from the newest, which always has one. */
function labelledIndexes(length: number, room: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, room)))
  const found: number[] = []
  for (let at = length - 1; at >= 0; at -= step) found.unshift(at)
  return found
}

function sizeOf(place: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, place.clientWidth), height: Math.max(160, place.clientHeight) }
}

/**
 * Returns the colour of a custom property as the browser computes it in this place: a canvas does not know
 * `light-dark()`.
 */
function resolveColour(place: HTMLElement, name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
