import uPlot from 'uplot'
import { type HistoryItem, type Interval, intervalLabel } from '../state/history.ts'

/** A chart in an element of the page. */
export type BarChart = {
  show(items: readonly HistoryItem[], interval: Interval): void
  close(): void
}

/**
 * Bars by uPlot, drawn in the colours that the element's styles name; follows the element's width and the system's light or dark.
 * `onHover` gets the index under the pointer, or null.
 */
export function openBarChart(place: HTMLElement, onHover: (index: number | null) => void): BarChart {
  let plot: uPlot | null = null
  let drawn: readonly [readonly HistoryItem[], Interval] | null = null

  const draw = () => {
    plot?.destroy()
    plot = null
    if (drawn === null) return
    const [items, interval] = drawn
    plot = new uPlot(optionsFor(place, interval, items, onHover), dataOf(items), place)
  }

  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', draw)
  const resized = new ResizeObserver(() => plot?.setSize(sizeOf(place)))
  resized.observe(place)

  return {
    show(items, interval) {
      const isSame = drawn !== null && drawn[1] === interval && drawn[0].length === items.length
      drawn = [items, interval]
      // The same bars with other heights: no flicker, and the pointer stays where it is.
      if (isSame && plot !== null) plot.setData(dataOf(items))
      else draw()
    },
    close() {
      dark.removeEventListener('change', draw)
      resized.disconnect()
      plot?.destroy()
    },
  }
}

/** The bars stand at 0, 1, 2 ...: months are not equally long, and labels are put by index. */
function dataOf(items: readonly HistoryItem[]): uPlot.AlignedData {
  return [items.map((_, i) => i), items.map(({ total }) => Number(total) / 1_000_000)]
}

function optionsFor(
  place: HTMLElement,
  interval: Interval,
  items: readonly HistoryItem[],
  onHover: (index: number | null) => void,
): uPlot.Options {
  const colour = (name: string) => resolveColour(place, name)
  const text = colour('--text-3')
  const grid = { stroke: colour('--line'), width: 1 }
  const font = `12px ${getComputedStyle(place).fontFamily}`
  const bars = uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.2 })
  const label = (at: number) => {
    const item = items[at]
    return item === undefined ? '' : intervalLabel(interval, item.from).replace('week of ', '')
  }
  return {
    ...sizeOf(place),
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: [-0.6, items.length - 0.4] },
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
        splits: () => labelledIndexes(items.length, place.clientWidth / (interval === 'month' ? 110 : 64)),
        values: (_plot, splits) => splits.map(label),
      },
      { stroke: text, font, grid, ticks: { show: false }, size: 44, gap: 8, space: 36 },
    ],
    series: [
      {},
      {
        fill: colour('--accent-fill'),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
    ],
  }
}

/** About `room` indexes with a label, counted from the newest, which always has one. */
function labelledIndexes(length: number, room: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, room)))
  const found: number[] = []
  for (let at = length - 1; at >= 0; at -= step) found.unshift(at)
  return found
}

function sizeOf(place: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, place.clientWidth), height: Math.max(160, place.clientHeight) }
}

/** A custom property's colour as the browser computes it here: a canvas does not know `light-dark()`. */
function resolveColour(place: HTMLElement, name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
