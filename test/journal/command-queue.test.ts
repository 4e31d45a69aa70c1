import { describe, expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { appError } from '../../src/core/errors.ts'
import { createCommandQueue } from '../../src/journal/command-queue.ts'

const command = (at: number): Command => ({ kind: 'x', actor: { type: 'system' }, at, payload: null })
const answers = (batch: readonly string[] | undefined): CommandResult[] =>
  (batch ?? []).map((text) => {
    const { at }: Command = JSON.parse(text)
    return { ok: true, value: at, epoch: 1, seq: at }
  })

function setUp(options: { limit?: number; limitUnits?: number; batch?: number; window?: number } = {}) {
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
