import { describe, expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { appError } from '../../src/core/errors.ts'
import { createCommandQueue, type Pace } from '../../src/journal/command-queue.ts'

const command = (at: number): Command => ({ kind: 'x', actor: { type: 'system' }, at, payload: null })
const answers = (batch: readonly string[] | undefined): CommandResult[] =>
  (batch ?? []).map((text) => {
    const { at }: Command = JSON.parse(text)
    return { ok: true, value: at, epoch: 1, seq: at }
  })

function setUp(
  options: { limit?: number; limitUnits?: number; batch?: number; window?: number; pace?: Pace } = {},
) {
  const posted: (readonly string[])[] = []
  const turns: (() => void)[] = []
  const queue = createCommandQueue({
    limit: 100,
    limitUnits: 10_000,
    batch: 3,
    window: 2,
    ...options,
    post: (commands) => posted.push(commands),
    defer: (flush) => turns.push(flush),
  })
  const turn = () => {
    for (const flush of turns.splice(0)) flush()
  }
  const sizes = () => posted.map((batch) => batch.length)
  return { queue, posted, turn, turns, sizes }
}

describe('command queue', () => {
  test('what one turn submits goes out as one batch', () => {
    const { queue, turn, turns, sizes } = setUp()
    queue.submit(command(1))
    queue.submit(command(2))
    expect(sizes()).toEqual([])
    expect(turns.length).toBe(1)
    turn()
    expect(sizes()).toEqual([2])
  })

  test('at most a window of batches is under way; the rest gathers meanwhile', async () => {
    const { queue, posted, turn, sizes } = setUp()
    const results = Array.from({ length: 11 }, (_, i) => queue.submit(command(i)))
    turn()
    expect(sizes()).toEqual([3, 3])
    queue.answer(answers(posted[0]))
    expect(sizes()).toEqual([3, 3, 3])
    queue.answer(answers(posted[1]))
    queue.answer(answers(posted[2]))
    queue.answer(answers(posted[3]))
    expect(sizes()).toEqual([3, 3, 3, 2])
    const values = (await Promise.all(results)).map((result) => result.ok && result.value)
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(queue.size()).toBe(0)
  })

  test('a command that JSON cannot carry rejects alone', async () => {
    const { queue, posted, turn } = setUp()
    const bad = queue.submit({ ...command(1), payload: 1n })
    const good = queue.submit(command(2))
    expect(bad).rejects.toThrow()
    turn()
    queue.answer(answers(posted[0]))
    expect(await good).toMatchObject({ ok: true, value: 2 })
  })

  test('a full queue refuses at once, and says when to come back', async () => {
    const { queue, turn } = setUp({ limit: 2 })
    const kept = [queue.submit(command(1)), queue.submit(command(2))]
    expect(await queue.submit(command(3))).toMatchObject({
      ok: false,
      error: { code: 'ServiceUnavailable', retryAfter: 1_000 },
    })
    turn()
    expect(kept.length).toBe(2)
    expect(queue.size()).toBe(2)
  })

  test('so does one of few commands that are long', async () => {
    const { queue, posted, turn } = setUp({ limitUnits: 500 })
    const long = { ...command(1), payload: 'x'.repeat(500) }
    const kept = queue.submit(long)
    expect(await queue.submit(command(2))).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
    turn()
    // It is under way and waits no more.
    const next = queue.submit(command(3))
    turn()
    queue.answer(answers(posted[0]))
    queue.answer(answers(posted[1]))
    expect([await kept, await next]).toMatchObject([{ value: 1 }, { value: 3 }])
  })

  test('a dead writer answers everything that is unanswered, sent or not, and whatever comes later', async () => {
    const { queue, turn } = setUp({ window: 1 })
    const results = Array.from({ length: 5 }, (_, i) => queue.submit(command(i)))
    turn()
    const error = appError('ServiceUnavailable', 'gone')
    queue.fail(error)
    results.push(queue.submit(command(9)))
    expect(await Promise.all(results)).toEqual(results.map(() => ({ ok: false, error })))
  })

  test('draining refuses new commands and waits for the old ones', async () => {
    const { queue, posted, turn } = setUp()
    const first = queue.submit(command(1))
    const drained = queue.drain()
    expect(await queue.submit(command(2))).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
    turn()
    queue.answer(answers(posted[0]))
    await drained
    expect(await first).toMatchObject({ ok: true, value: 1 })
    await queue.drain()
  })
})

describe('a queue that is lost', () => {
  test('answers all with the very result that whoever lost it gave, sent or not, and later ones, too', async () => {
    const { queue, posted, turn } = setUp({ window: 1 })
    const results = Array.from({ length: 5 }, (_, i) => queue.submit(command(i)))
    turn()
    const lost: CommandResult = { ok: false, error: appError('ServiceUnavailable', 'lost') }
    queue.lose(lost)
    results.push(queue.submit(command(9)))
    for (const result of await Promise.all(results)) expect(result).toBe(lost)
    expect(queue.size()).toBe(0)
    expect(posted.length).toBe(1)
    await queue.drain()
    // An answer that comes all the same, and a turn that was to come, find nothing.
    queue.answer(answers(posted[0]))
    turn()
    expect(posted).toHaveLength(1)
  })
})

describe('a queue with a pace', () => {
  function paced(window = 1, batch = 100) {
    const time = { now: 0 }
    const later: { readonly at: number; readonly run: () => void }[] = []
    const pace: Pace = {
      gap: 50,
      now: () => time.now,
      after: (delay, run) => void later.push({ at: time.now + delay, run }),
    }
    const made = setUp({ window, batch, pace })
    const posts: number[] = []
    const pass = (until: number) => {
      for (; time.now <= until; time.now += 1) {
        const due = later.filter(({ at }) => at <= time.now)
        for (const each of due) {
          later.splice(later.indexOf(each), 1)
          each.run()
        }
        while (posts.length < made.posted.length) posts.push(time.now)
      }
      time.now = until
    }
    return { ...made, pass, posts, later }
  }

  test('a command alone goes at once; what comes within the gap goes together, when that is over', async () => {
    const { queue, turn, pass, sizes, posted, posts } = paced()
    pass(10)
    const results = [queue.submit(command(0))]
    turn()
    expect(sizes()).toEqual([1])
    queue.answer(answers(posted[0]))
    for (const at of [20, 30, 40]) {
      pass(at)
      results.push(queue.submit(command(at)))
      turn()
    }
    expect(sizes()).toEqual([1])
    pass(100)
    expect(sizes()).toEqual([1, 3])
    expect(posts.at(-1)).toBe(60)
    queue.answer(answers(posted[1]))
    expect((await Promise.all(results)).map((result) => result.ok && result.value)).toEqual([0, 20, 30, 40])
    pass(500)
    results.push(queue.submit(command(500)))
    turn()
    expect(sizes()).toEqual([1, 3, 1])
  })

  test('a busy second has no more commits than it may, each of all that came', () => {
    for (const [window, batch] of [
      [1, 1_000],
      [2, 3],
    ] as const) {
      const { queue, turn, pass, posted, posts, later } = paced(window, batch)
      let answered = 0
      for (let at = 1; at <= 1_000; at++) {
        pass(at)
        queue.submit(command(at))
        turn()
        // The answer takes a while.
        while (answered < posted.length && at - (posts[answered] ?? at) >= 7) {
          queue.answer(answers(posted[answered]))
          answered += 1
        }
        expect(later.length).toBeLessThanOrEqual(1)
      }
      for (const [index, at] of posts.entries()) {
        if (index > 0) expect(at - (posts[index - 1] ?? 0)).toBeGreaterThanOrEqual(50)
      }
      expect(posts.length).toBe(20)
    }
  })

  test('a writer slower than the pace is the measure', () => {
    const { queue, turn, pass, posted } = paced()
    for (let at = 1; at <= 300; at++) {
      pass(at)
      queue.submit(command(at))
      turn()
    }
    expect(posted).toHaveLength(1)
    queue.answer(answers(posted[0]))
    expect(posted.map((batch) => batch.length)).toEqual([1, 100])
  })

  test('draining waits for what waits for its time', async () => {
    const { queue, turn, pass, posted } = paced()
    pass(1)
    const results = [queue.submit(command(1))]
    turn()
    queue.answer(answers(posted[0]))
    results.push(queue.submit(command(2)))
    turn()
    let isDrained = false
    const drained = queue.drain().then(() => {
      isDrained = true
    })
    pass(60)
    expect(posted.length).toBe(2)
    expect(isDrained).toBe(false)
    queue.answer(answers(posted[1]))
    await drained
    expect((await Promise.all(results)).every(({ ok }) => ok)).toBe(true)
  })
})
