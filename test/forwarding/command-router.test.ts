import { describe, expect, test } from 'bun:test'
import type { Command, CommandBus, CommandResult } from '../../src/core/command.ts'
import {
  createRouter,
  LINK_LOST,
  PRIMARY_TIMEOUT,
  type WriteTarget,
} from '../../src/forwarding/command-router.ts'
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

/** Takes commands, and answers them when the test says so. */
class Target implements CommandBus {
  readonly waiting: { readonly command: Command; readonly answer: (result: CommandResult) => void }[] = []
  readonly received: Command[] = []

  submit(given: Command): Promise<CommandResult> {
    this.received.push(given)
    return new Promise((answer) => this.waiting.push({ command: given, answer }))
  }

  /** Gives all waiting commands this result. */
  answer(result: CommandResult): void {
    for (const each of this.waiting.splice(0)) each.answer(result)
  }

  get numbers() {
    return this.received.map(({ payload }) => payload)
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
  const link = (): [Target, WriteTarget] => {
    const bus = new Target()
    return [bus, { type: 'link', bus }]
  }
  return { time, router, submit, link }
}

describe('a command', () => {
  test('goes to the node’s own writer as it is', async () => {
    const { router, submit } = setUp()
    const bus = new Target()
    router.setTarget({ type: 'writer', bus })
    const seen = submit(command(1))
    expect(bus.received).toEqual([command(1)])
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
    expect(bus.received.map(({ key }) => key)).toEqual(['key 1', 'mine', undefined, 'key 2'])
  })

  test('that is refused gets that refusal', async () => {
    const { router, submit, link } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    const refusal: CommandResult = { ok: false, error: { code: 'RateLimited', message: 'slower' } }
    bus.answer(refusal)
    await settled()
    expect(seen.now).toEqual(refusal)
    expect(bus.received.length).toBe(1)
  })
})

describe('G8: without a primary', () => {
  test('a command waits for one, in order, and is then sent', async () => {
    const { router, submit, link, time } = setUp()
    const seen = [1, 2, 3].map((n) => submit(command(n)))
    await time.pass(PRIMARY_TIMEOUT - 1)
    expect(router.pending()).toBe(3)
    expect(seen[0]?.now).toBeNull()
    const [bus, target] = link()
    router.setTarget(target)
    await settled()
    expect(bus.numbers).toEqual([1, 2, 3])
    expect(router.pending()).toBe(0)
    bus.answer(stored)
    await settled()
    expect(seen.map(({ now }) => now)).toEqual([stored, stored, stored])
  })

  test('is refused after five seconds, and nothing was changed', async () => {
    const { router, submit, time } = setUp()
    const seen = submit(command(1))
    await time.pass(PRIMARY_TIMEOUT)
    expect(seen.now).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 2_000 } })
    expect(text(seen.now)).toContain('nothing was changed')
    expect(router.pending()).toBe(0)
    const bus = new Target()
    router.setTarget({ type: 'writer', bus })
    await settled()
    expect(bus.received).toEqual([])
  })

  test('one that was sent to a lost primary is answered as unknown', async () => {
    const { router, submit, link, time } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    bus.answer(LINK_LOST)
    router.setTarget({ type: 'none' })
    await time.pass(PRIMARY_TIMEOUT)
    expect(seen.now).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
    expect(text(seen.now)).toContain('may or may not')
  })

  test('a command is refused at once when too many wait', async () => {
    const { router, submit, time } = setUp()
    for (let n = 0; n < 65_536; n++) submit(command(n))
    const late = submit(command(-1))
    await settled()
    expect(text(late.now)).toContain('nothing was changed')
    const bus = new Target()
    router.setTarget({ type: 'writer', bus })
    await settled()
    expect(bus.received).toHaveLength(65_536)
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
    expect(second.received.map(({ payload, key }) => [payload, key])).toEqual([
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
    const own = new Target()
    router.setTarget(a)
    submit(command(1))
    first.answer(LINK_LOST)
    router.setTarget({ type: 'writer', bus: own })
    await settled()
    expect(own.received).toEqual([command(1, { key: 'key 1' })])
  })

  test('is tried again on the same link while there is no other, and is unknown in the end', async () => {
    const { router, submit, link, time } = setUp()
    const [bus, target] = link()
    router.setTarget(target)
    const seen = submit(command(1))
    for (let past = 0; past < PRIMARY_TIMEOUT; past += 100) {
      expect(seen.now).toBeNull()
      bus.answer(LINK_LOST)
      const before = bus.received.length
      await time.pass(99)
      expect(bus.received).toHaveLength(before)
      await time.pass(1)
    }
    expect(bus.received.length).toBeGreaterThan(10)
    bus.answer(LINK_LOST)
    await time.pass(100)
    expect(text(seen.now)).toContain('may or may not')
  })
})

test('in any sequence of primaries, each command is answered once, truly and in order, and counts once', async () => {
  await forSeedsInTurn('ROUTER_SEED', 60, async (random) => {
    const { router, submit, link, time } = setUp()
    const sent: { readonly given: Command; readonly seen: { now: CommandResult | null } }[] = []
    /** What a primary has stored, by key; it is replicated to the next one before that leads. */
    const database = new Map<string, number>()
    const targets: { readonly bus: Target; readonly type: 'link' | 'writer' }[] = []
    let current: (typeof targets)[number] | null = null

    /**
     * The present taker decides some of what it has; a link that is lost may have had them decided unheard.
     */
    const decide = (bus: Target, count: number, answer: (result: CommandResult) => CommandResult) => {
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
          targets.push(current)
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
    await time.pass(2 * PRIMARY_TIMEOUT)
    expect(router.pending()).toBe(0)

    const received = targets.flatMap(({ bus }) => bus.received)
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
    for (const { bus } of targets) {
      const numbers = bus.numbers.map(Number)
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    }
  })
})
