import { describe, expect, test } from 'bun:test'
import type { SocketEvents } from '../../src/client/api.ts'
import { browserName } from '../../src/web/state/browser-name.ts'
import { steadyTime } from '../../src/web/state/clock.ts'
import { countTraffic } from '../../src/web/state/counted-socket.ts'
import { addSample, drawSpark, type Sample } from '../../src/web/state/samples.ts'

describe('the line of the last minutes', () => {
  const plot = { now: 1_000, span: 1_000, width: 100, height: 10 }

  test('keeps the samples of its span', () => {
    const samples = [0, 400, 800, 1_200].reduce<readonly Sample[]>(
      (kept, at) => addSample(kept, { at, value: at }, 800),
      [],
    )
    expect(samples.map(({ at }) => at)).toEqual([400, 800, 1_200])
  })

  test('is drawn from left to right, high values at the top, within its box', () => {
    const spark = drawSpark(
      [
        { at: 0, value: 0 },
        { at: 500, value: 50 },
        { at: 1_000, value: 100 },
      ],
      plot,
    )
    expect(spark).toMatchObject({ low: 0, high: 100 })
    const points = [...(spark?.line ?? '').matchAll(/([\d.]+),([\d.]+)/g)].map((match) => [
      Number(match[1]),
      Number(match[2]),
    ])
    expect(points.map(([x]) => x)).toEqual([0, 50, 100])
    const heights = points.map(([, y]) => y ?? Number.NaN)
    expect(heights).toEqual([...heights].sort((a, b) => b - a))
    for (const y of heights) expect(y >= 0 && y <= 10).toBe(true)
  })

  test('has a gap where nothing was known, and no end while nothing is known', () => {
    const samples = [0, 1, 2, 3, 4, 5].map((i) => ({ at: i * 200, value: i === 2 || i === 5 ? null : i }))
    const spark = drawSpark(samples, plot)
    expect(spark?.line.match(/M/g)).toHaveLength(2)
    expect(spark?.end).toBeNull()
  })

  test('a constant value is a line, not a division by zero; one sample is no line', () => {
    expect(
      drawSpark(
        [
          { at: 0, value: 7 },
          { at: 1_000, value: 7 },
        ],
        plot,
      )?.line,
    ).toMatch(/^M0,[\d.]+L100,[\d.]+$/)
    expect(drawSpark([{ at: 0, value: 7 }], plot)).toBeNull()
  })
})

test('traffic counts the bytes of every frame, both ways', () => {
  const opened: SocketEvents[] = []
  const sent: unknown[] = []
  const counted = countTraffic((_url, given) => {
    opened.push(given)
    return { send: (frame) => sent.push(frame), close: () => {} }
  })
  const heard: unknown[] = []
  const socket = counted.open('ws://test', {
    opened() {},
    received: (frame) => heard.push(frame),
    closed() {},
  })
  socket.send(new Uint8Array(10))
  socket.send('ä')
  for (const events of opened) events.received(new Uint8Array(7))
  expect(counted.traffic()).toEqual({ received: 7, sent: 12 })
  expect(sent).toHaveLength(2)
  expect(heard).toHaveLength(1)
})

test('time on the page does not step back a little, but follows a clock that was set', () => {
  const times = [100, 105, 103, 110, -50_000, -49_990]
  const given = times.values()
  const now = steadyTime(() => given.next().value ?? 0)
  const shown = times.map(() => now())
  expect(shown).toEqual([100, 105, 105, 110, -50_000, -49_990])
})

test('a browser is named as its user would name it', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  expect(browserName(chrome)).toBe('Chrome on Linux')
  expect(browserName(`${chrome.replace('X11; Linux x86_64', 'Windows NT 10.0')} Edg/140.0`)).toBe(
    'Edge on Windows',
  )
  expect(browserName('Mozilla/5.0 (iPhone; CPU iPhone OS 18) AppleWebKit/605 Version/18 Safari/604')).toBe(
    'Safari on iPhone',
  )
  expect(browserName('curl/8')).toBe('Browser')
})
