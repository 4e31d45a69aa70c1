import { describe, expect, test } from 'bun:test'
import type { FenceRecord } from '../../../src/replication/lease/fence-record.ts'
import { watchRecord } from '../../../src/replication/lease/record-watcher.ts'
import { recordingLogger } from '../../support/journal.ts'
import { turnedTime } from '../../support/turned-time.ts'

function setUp() {
  const time = turnedTime()
  const asked: number[] = []
  const observed: (number | null)[] = []
  let answer = Promise.withResolvers<{ readonly record: FenceRecord | null; readonly next: number }>()
  let signal: AbortSignal | null = null
  const logger = recordingLogger()
  const stop = watchRecord({
    lease: {
      changed(after, end) {
        asked.push(after)
        signal = end
        answer = Promise.withResolvers()
        return answer.promise
      },
    },
    observer: {
      observe(record) {
        observed.push(record?.index ?? null)
        return { other: null, validFor: () => 0 }
      },
    },
    wait: time.wait,
    logger,
  })
  const say = async (index: number, next = index) => {
    answer.resolve({ record: { index, id: '', node: 'b', over: false }, next })
    await time.pass(0)
  }
  const fails = async () => {
    answer.reject(new Error('connection reset'))
    await time.pass(0)
  }
  return { time, asked, observed, say, fails, stop, lines: logger.lines, signal: () => signal }
}

describe('the watcher of the record', () => {
  test('asks at once, and for each further record from the last index on', async () => {
    const { asked, observed, say } = setUp()
    await say(5)
    await say(7)
    expect(asked).toEqual([0, 5, 7])
    expect(observed).toEqual([5, 7])
  })

  test('pauses when nothing has changed, so that Consul is not asked in a tight loop', async () => {
    const { asked, say, time } = setUp()
    await say(5)
    await say(5)
    expect(asked).toEqual([0, 5])
    await time.pass(250)
    expect(asked).toEqual([0, 5, 5])
  })

  test('begins anew when the index goes back', async () => {
    const { asked, say } = setUp()
    await say(5)
    await say(3)
    expect(asked).toEqual([0, 5, 0])
  })

  test('tries again after an error, from the beginning, and logs it once', async () => {
    const { asked, say, fails, time, lines } = setUp()
    await say(5)
    await fails()
    expect(asked).toEqual([0, 5])
    await time.pass(1_000)
    await fails()
    await time.pass(1_000)
    expect(asked).toEqual([0, 5, 0, 0])
    expect(lines).toEqual(['the record is not watched'])
  })

  test('observes nothing more once it is ended', async () => {
    const { asked, observed, say, stop, signal, time } = setUp()
    stop()
    expect(signal()?.aborted).toBe(true)
    await say(5)
    await time.pass(60_000)
    expect(asked).toEqual([0])
    expect(observed).toEqual([])
  })
})
