import { describe, expect, test } from 'bun:test'
import type { Command, CommandBus, CommandResult } from '../../src/core/command.ts'
import { createRouter, HOLD, LINK_LOST, type WriteTarget } from '../../src/forwarding/command-router.ts'
import { forSeedsInTurn } from '../support/seeded.ts'
import { settled, turnedTime } from '../support/turned-time.ts'

const command = (n: number, more: Partial<Command> = {}): Command => ({
  kind: 'x.do',
  actor: { type: 'system' },
  at: n,
  payload: n,
  ...more,
})
const stored: CommandResult = { ok: true, value: null, epoch: 1, seq: 1 }
const text = (result: CommandResult | null) => (result === null || result.ok ? '' : result.error.message)

/** Somebody who takes commands and answers when told. */
class Taker implements CommandBus {
  readonly waiting: { readonly command: Command; readonly answer: (result: CommandResult) => void }[] = []
  readonly taken: Command[] = []

  submit(given: Command): Promise<CommandResult> {
    this.taken.push(given)
    return new Promise((answer) => this.waiting.push({ command: given, answer }))
  }

  /** Answers everything that waits. */
  answer(result: CommandResult): void {
    for (const each of this.waiting.splice(0)) each.answer(result)
  }

  get numbers() {
    return this.taken.map(({ payload }) => payload)
  }
}

function setUp() {
  const time = turnedTime()
  let keys = 0
  const router = createRouter({ newKey: () => `key ${++keys}`, now: time.now, after: time.after })
  const submit = (given: Command) => {
    const seen: { now: CommandResult | null } = { now: null }
    void router.bus.submit(given).then((result) => {
      seen.now = result
    })
    return seen
  }
  const link = (): [Taker, WriteTarget] => {
    const bus = new Taker()
    return [bus, { type: 'link', bus }]
  }
  return { time, router, submit, link }
}

describe('a command', () => {
  test('goes to the node’s own writer as it is', async () => {
    const { router, submit } = setUp()
    const bus = new Taker()
    router.setTarget({ type: 'writer', bus })
    const seen = submit(command(1))
    expect(bus.taken).toEqual([command(1)])
    bus.answer(stored)
    await settled()
    expect(seen.now).toEqual(stored)
  })

  test('goes over a link with a key of its own, unless it has one or needs none', () => {
    const { router, submit, link } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    submit(command(1))
    submit(command(2, { key: 'mine' }))
    submit(command(3, { repeatable: true }))
    submit(command(4))
    expect(bus.taken.map(({ key }) => key)).toEqual(['key 1', 'mine', undefined, 'key 2'])
  })

  test('that meets a refusal gets that refusal', async () => {
    const { router, submit, link } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    const refusal: CommandResult = { ok: false, error: { code: 'RateLimited', message: 'slower' } }
    bus.answer(refusal)
    await settled()
    expect(seen.now).toEqual(refusal)
    expect(bus.taken.length).toBe(1)
  })
})

describe('G8: with no primary in sight', () => {
  test('a command waits for one, in order, and is then sent', async () => {
    const { router, submit, link, time } = setUp()
    const seen = [1, 2, 3].map((n) => submit(command(n)))
    await time.pass(HOLD - 1)
    expect(router.held()).toBe(3)
    expect(seen[0]?.now).toBeNull()
    const [bus, target] = link()
    router.setTarget(target)
    await settled()
    expect(bus.numbers).toEqual([1, 2, 3])
    expect(router.held()).toBe(0)
    bus.answer(stored)
    await settled()
    expect(seen.map(({ now }) => now)).toEqual([stored, stored, stored])
  })

  test('is refused after five seconds, and nothing was changed', async () => {
    const { router, submit, time } = setUp()
    const seen = submit(command(1))
    await time.pass(HOLD)
    expect(seen.now).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 2_000 } })
    expect(text(seen.now)).toContain('nothing was changed')
    expect(router.held()).toBe(0)
    const bus = new Taker()
    router.setTarget({ type: 'writer', bus })
    await settled()
    expect(bus.taken).toEqual([])
  })

  test('one that was sent to a primary that was lost is not said to have changed nothing', async () => {
    const { router, submit, link, time } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    bus.answer(LINK_LOST)
    router.setTarget({ type: 'none' })
    await time.pass(HOLD)
    expect(seen.now).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
    expect(text(seen.now)).toContain('may or may not')
  })

  test('more than can wait are refused at once', async () => {
    const { router, submit, time } = setUp()
    for (let n = 0; n < 65_536; n++) submit(command(n))
    const late = submit(command(-1))
    await settled()
    expect(text(late.now)).toContain('nothing was changed')
    const bus = new Taker()
    router.setTarget({ type: 'writer', bus })
    await settled()
    expect(bus.taken).toHaveLength(65_536)
    await time.pass(0)
  })
})

describe('a command whose primary is lost', () => {
  test('goes to the next one, under the same key, ahead of later ones', async () => {
    const { router, submit, link } = setUp()
    const [first, a] = link()
    const [second, b] = link()
    router.setTarget(a)
    const seen = [1, 2].map((n) => submit(command(n)))
    first.answer(LINK_LOST)
    router.setTarget({ type: 'none' })
    await settled()
    seen.push(submit(command(3)))
    router.setTarget(b)
    await settled()
    expect(second.taken.map(({ payload, key }) => [payload, key])).toEqual([
      [1, 'key 1'],
      [2, 'key 2'],
      [3, 'key 3'],
    ])
    second.answer(stored)
    await settled()
    expect(seen.map(({ now }) => now)).toEqual([stored, stored, stored])
  })

  test('goes to this node’s own writer, when it is the next', async () => {
    const { router, submit, link } = setUp()
    const [first, a] = link()
    const own = new Taker()
    router.setTarget(a)
    submit(command(1))
    first.answer(LINK_LOST)
    router.setTarget({ type: 'writer', bus: own })
    await settled()
    expect(own.taken).toEqual([command(1, { key: 'key 1' })])
  })

  test('waits where the same link is still aimed at, and is unknown in the end', async () => {
    const { router, submit, link, time } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    for (let past = 0; past < HOLD; past += 100) {
      expect(seen.now).toBeNull()
      bus.answer(LINK_LOST)
      const before = bus.taken.length
      await time.pass(99)
      expect(bus.taken).toHaveLength(before)
      await time.pass(1)
    }
    expect(bus.taken.length).toBeGreaterThan(10)
    bus.answer(LINK_LOST)
    await time.pass(100)
    expect(text(seen.now)).toContain('may or may not')
  })
})

test('whatever becomes of primaries, each command is answered once, truly, in order, and counts once', async () => {
  await forSeedsInTurn('ROUTER_SEED', 60, async (random) => {
    const { router, submit, link, time } = setUp()
    const sent: { readonly given: Command; readonly seen: { now: CommandResult | null } }[] = []
    /** What a primary has stored, by key; it is replicated to the next one before that leads. */
    const database = new Map<string, number>()
    const takers: { readonly bus: Taker; readonly type: 'link' | 'writer' }[] = []
    let current: (typeof takers)[number] | null = null

    /**
     * The present taker decides some of what it has; a link that is lost may have had them decided unheard.
     */
    const decide = (bus: Taker, count: number, answer: (result: CommandResult) => CommandResult) => {
      for (const each of bus.waiting.splice(0, count)) {
        const { key, payload, repeatable } = each.command
        const isFirst = key === undefined || !database.has(`${key}`)
        if (isFirst && repeatable !== true) {
          database.set(key ?? `writer ${payload}`, Number(payload))
        }
        each.answer(answer(stored))
      }
    }
    const lose = () => {
      const last = current
      current = null
      if (last === null) return router.setTarget({ type: 'none' })
      if (last.type === 'link') {
        decide(last.bus, random.int(4), () => LINK_LOST)
        last.bus.answer(LINK_LOST)
      } else {
        decide(last.bus, 1_000, (result) => result)
      }
      router.setTarget({ type: 'none' })
    }
    for (let step = 0; step < 80; step++) {
      switch (random.int(6)) {
        case 0:
          lose()
          break
        case 1: {
          if (random.oneIn(2)) lose()
          if (current !== null) break
          const [bus, target] = link()
          current = { bus, type: random.oneIn(3) ? 'writer' : 'link' }
          takers.push(current)
          router.setTarget(current.type === 'link' ? target : { type: 'writer', bus })
          break
        }
        case 2:
          if (current !== null) decide(current.bus, random.int(5), (result) => result)
          break
        case 3:
          await time.pass(random.pick([1, 100, 1_000, 2_500]))
          break
        default: {
          const n = sent.length
          const more: Partial<Command> = random.oneIn(4)
            ? { repeatable: true }
            : random.oneIn(4)
              ? { key: `own ${n}` }
              : {}
          const given = command(n, more)
          sent.push({ given, seen: submit(given) })
        }
      }
      await settled()
    }
    if (current !== null) decide(current.bus, 1_000, (result) => result)
    lose()
    await time.pass(2 * HOLD)
    expect(router.held()).toBe(0)

    const received = takers.flatMap(({ bus }) => bus.taken)
    for (const { given, seen } of sent) {
      const sends = received.filter(({ payload }) => payload === given.payload)
      expect(seen.now).not.toBeNull()
      if (text(seen.now).includes('nothing was changed')) expect(sends).toEqual([])
      if (seen.now?.ok === false)
        expect(sends.length === 0).toBe(text(seen.now).includes('nothing was changed'))
      if (given.repeatable === true) continue
      if (sends.length > 1) expect(new Set(sends.map(({ key }) => key)).size).toBe(1)
      const times = [...database.values()].filter((n) => n === given.payload).length
      expect(times).toBeLessThanOrEqual(1)
      if (seen.now?.ok === true) expect(times).toBe(1)
    }
    for (const { bus } of takers) {
      const numbers = bus.numbers.map(Number)
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    }
  })
})
