import { describe, expect, test } from 'bun:test'
import { endOnSignals, shutDown } from '../../src/app/shutdown.ts'
import type { Logger } from '../../src/core/logger.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

describe('graceful end', () => {
  test('goes in order: refuse, goodbye, flush, close in slices, drain, release', async () => {
    const steps: string[] = []
    let open = 450
    await shutDown({
      refuseNew: () => steps.push('refuse'),
      goodbye: (spread) => steps.push(`goodbye within ${spread}`),
      sessions: () => open,
      closeSome(count) {
        open = Math.max(0, open - count)
        steps.push(`close ${count}`)
        return open
      },
      drainWriter: async () => void steps.push('drain'),
      release: () => steps.push('release'),
      wait: async (time) => void steps.push(`wait ${time}`),
      logger: quiet,
    })
    expect(steps).toEqual([
      'refuse',
      'goodbye within 950',
      'wait 200',
      ...['close 200', 'wait 20', 'close 200', 'wait 20', 'close 200'],
      ...['wait 200', 'drain', 'release'],
    ])
  })

  test('the first signal ends gracefully with code 0, the second at once', async () => {
    const run = signals(() => new Promise(() => {}))
    run.send('SIGTERM')
    expect(run.codes).toEqual([])
    run.send('SIGINT')
    expect(run.codes).toEqual([1])
    const good = signals(() => Promise.resolve())
    good.send('SIGTERM')
    await Bun.sleep(0)
    expect(good.codes).toEqual([0])
  })

  test('the end of the shell that npm put in between ends the server too', async () => {
    let parent = 77
    const run = signals(
      () => Promise.resolve(),
      () => parent,
    )
    for (let n = 0; n < 3; n++) run.deadlines.at(-1)?.run()
    await Bun.sleep(0)
    expect(run.codes).toEqual([])
    parent = 1
    run.deadlines.at(-1)?.run()
    await Bun.sleep(0)
    expect(run.codes).toEqual([0])
  })

  test('a part that hangs is given nine seconds, one that fails ends with code 1', async () => {
    const run = signals(() => new Promise(() => {}))
    run.send('SIGTERM')
    expect(run.deadlines.map(({ delay }) => delay)).toEqual([9_000])
    run.deadlines[0]?.run()
    expect(run.codes).toEqual([1])
    const failing = signals(() => Promise.reject(new Error('disk')))
    failing.send('SIGTERM')
    await Bun.sleep(0)
    expect(failing.codes).toEqual([1])
  })
})

function signals(stop: () => Promise<void>, parent: (() => number) | null = null) {
  const codes: number[] = []
  const deadlines: { delay: number; run: () => void }[] = []
  let send: (signal: string) => void = () => {}
  endOnSignals({
    stop,
    process: {
      exit: (code) => codes.push(code),
      on(_signal, handler) {
        send = handler
      },
    },
    after: (delay, run) => deadlines.push({ delay, run }),
    parent,
    logger: quiet,
  })
  return { codes, deadlines, send: (signal: string) => send(signal) }
}
