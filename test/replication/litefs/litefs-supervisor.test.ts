import { afterEach, describe, expect, test } from 'bun:test'
import type { LitefsEvent, LitefsRole } from '../../../src/replication/litefs/api.ts'
import type { LitefsProcess } from '../../../src/replication/litefs/child.ts'
import { type LitefsState, superviseLitefs } from '../../../src/replication/litefs/litefs-supervisor.ts'
import { recordingLogger } from '../../support/journal.ts'
import { settled, turnedTime } from '../../support/turned-time.ts'

const PRIMARY: LitefsRole = { isPrimary: true, primary: 'a' }
const REPLICA: LitefsRole = { isPrimary: false, primary: 'b' }
const LEADS: LitefsState = { type: 'up', isPrimary: true, primary: null }
const FOLLOWS: LitefsState = { type: 'up', isPrimary: false, primary: 'b' }
const DOWN: LitefsState = { type: 'down' }
const at = (n: number) => ({ txid: `${n}`.padStart(16, '0'), checksum: 'aa' })

/** What nobody heard of would end the server. */
const unheard: unknown[] = []
const onUnheard = (reason: unknown) => void unheard.push(reason)
process.on('unhandledRejection', onUnheard)
afterEach(() => expect(unheard).toEqual([]))

/** A keeper of processes that do as they are told. */
function keep(options: { readonly found?: boolean; readonly starts?: boolean } = {}) {
  const time = turnedTime()
  /** Everything that happened, in order. */
  const log: string[] = []
  const litefs = {
    role: REPLICA,
    position: at(1),
    answers: true,
    positionAnswers: true,
    mounted: true,
    /** What it dies of. */
    diesOf: ['SIGTERM', 'SIGKILL'],
    unmounting: Promise.resolve(),
  }
  const streams: { take: (event: LitefsEvent) => void; end: (error: Error) => void }[] = []
  /** Answers to /info that are under way. */
  let delayed: ((role: LitefsRole) => void) | null = null
  let delay = false
  const processes: { end: (how: string) => void; signals: string[] }[] = []
  const states: LitefsState[] = []
  const positions: string[] = []
  const failed: (readonly string[])[] = []
  const start = (): LitefsProcess => {
    const exited = Promise.withResolvers<{ how: string; lines: readonly string[] }>()
    const signals: string[] = []
    const end = (how: string) => {
      exited.resolve({ how, lines: ['last words'] })
      // Whoever reads its answers finds the connection closed.
      for (const stream of streams.splice(0)) stream.end(new Error('socket closed'))
    }
    processes.push({ end, signals })
    log.push('start')
    return {
      pid: processes.length,
      exited: exited.promise,
      kill(signal) {
        signals.push(signal)
        log.push(signal)
        if (litefs.diesOf.includes(signal)) end(signal)
      },
    }
  }
  const unreachable = () => Promise.reject(new Error('connection refused'))
  const keeper = superviseLitefs({
    api: {
      role() {
        if (!litefs.answers) return unreachable()
        const answer = (role: LitefsRole) => ({ ...role, cluster: 'c', candidate: true })
        if (!delay) return Promise.resolve(answer(litefs.role))
        const role = Promise.withResolvers<LitefsRole>()
        delayed = role.resolve
        return role.promise.then(answer)
      },
      position: () =>
        litefs.answers && litefs.positionAnswers ? Promise.resolve(litefs.position) : unreachable(),
      promote: async () => {},
      follow(take, signal) {
        if (!litefs.answers) return unreachable()
        const ended = Promise.withResolvers<void>()
        const stream = { take, end: ended.reject }
        streams.push(stream)
        signal.addEventListener('abort', () => {
          const index = streams.indexOf(stream)
          if (index !== -1) streams.splice(index, 1)
          ended.reject(new Error('aborted'))
        })
        return ended.promise
      },
    },
    start() {
      if (options.starts === false) throw new Error('no such program')
      return start()
    },
    find: () => (options.found === true ? start() : null),
    isMounted: () => litefs.mounted,
    unmount() {
      log.push('unmount')
      return litefs.unmounting
    },
    onFailed: (lines) => void failed.push(lines),
    onState(state) {
      states.push(state)
      log.push(state.type)
    },
    onPosition: (position) => void positions.push(position.txid),
    async released() {
      log.push('released')
    },
    now: time.now,
    wait: time.wait,
    logger: recordingLogger(),
  })
  return {
    keeper,
    litefs,
    log,
    processes,
    states,
    positions,
    failed,
    streams,
    time,
    tell: (event: LitefsEvent) => {
      for (const { take } of [...streams]) take(event)
    },
    delayAnswers: (is: boolean) => {
      delay = is
    },
    answerNow: (role: LitefsRole) => delayed?.(role),
    pass: time.pass,
  }
}

describe('LiteFS that is kept', () => {
  test('a dead mount is taken away, it is started, and up when it answers', async () => {
    const run = keep()
    run.litefs.answers = false
    await run.pass(5_000)
    expect(run.log).toEqual(['unmount', 'start'])
    expect(run.keeper.state()).toEqual(DOWN)
    run.litefs.answers = true
    await run.pass(500)
    expect(run.states).toEqual([FOLLOWS])
    expect(run.positions).toContain(at(1).txid)
  })

  test('one that runs already is taken as it is', async () => {
    const run = keep({ found: true })
    await run.pass(1_000)
    expect(run.log).toEqual(['start', 'up'])
    expect(run.states).toEqual([FOLLOWS])
  })

  test('its role and its commits are what its events say, without waiting for an answer', async () => {
    const run = keep()
    await run.pass(400)
    run.tell({ type: 'commit', position: at(2) })
    run.tell({ type: 'role', ...PRIMARY })
    run.tell({ type: 'role', ...PRIMARY })
    run.tell({ type: 'role', isPrimary: false, primary: null })
    expect(run.states).toEqual([FOLLOWS, LEADS, { type: 'up', isPrimary: false, primary: null }])
    expect(run.positions).toContain(at(2).txid)
  })

  test('where events are lost, asking finds out', async () => {
    const run = keep()
    await run.pass(100)
    run.litefs.role = PRIMARY
    run.litefs.position = at(9)
    await run.pass(500)
    expect(run.states).toEqual([FOLLOWS, LEADS])
    expect(run.positions).toContain(at(9).txid)
  })

  test('an answer that an event has overtaken is old: the node does not lose its lead for it', async () => {
    const run = keep()
    await run.pass(100)
    run.delayAnswers(true)
    await run.pass(500)
    run.tell({ type: 'role', ...PRIMARY })
    run.delayAnswers(false)
    run.litefs.role = PRIMARY
    run.answerNow(REPLICA)
    await run.pass(1_000)
    expect(run.states).toEqual([FOLLOWS, LEADS])
  })
})

describe('events that break off', () => {
  test('are followed again, and what came between is looked up', async () => {
    const run = keep()
    await run.pass(100)
    run.litefs.position = at(5)
    for (const { end } of [...run.streams.splice(0)]) end(new Error('more than 1,024 behind'))
    await run.pass(200)
    expect(run.streams).toHaveLength(1)
    expect(run.positions).toContain(at(5).txid)
  })

  test('in the middle of that look: nobody is left alone with the error', async () => {
    const run = keep()
    await run.pass(100)
    for (const { end } of [...run.streams.splice(0)]) end(new Error('closed'))
    run.litefs.answers = false
    await run.pass(300)
    run.litefs.answers = true
    await run.pass(1_000)
    expect(run.streams).toHaveLength(1)
  })

  test('while only that look fails: there is one stream at a time, and each commit is told once', async () => {
    const run = keep()
    run.litefs.positionAnswers = false
    await run.pass(100)
    run.litefs.positionAnswers = true
    await run.pass(500)
    for (const { end } of [...run.streams.splice(0)]) end(new Error('closed'))
    run.litefs.positionAnswers = false
    await run.pass(450)
    run.litefs.positionAnswers = true
    await run.pass(1_000)
    run.positions.length = 0
    run.tell({ type: 'commit', position: at(7) })
    expect(run.positions).toEqual([at(7).txid])
  })
})

describe('LiteFS that ends', () => {
  test('is down at once, waited for until it is released, and started anew', async () => {
    const run = keep()
    await run.pass(1_000)
    run.log.length = 0
    run.processes[0]?.end('exit code 99')
    await run.pass(0)
    expect(run.keeper.state()).toEqual(DOWN)
    await run.pass(200)
    expect(run.log).toEqual(['down', 'released', 'SIGTERM', 'SIGKILL', 'unmount', 'start', 'up'])
    expect(run.keeper.restarts()).toBe(1)
    expect(run.streams).toHaveLength(1)
  })

  test('again and again is started after growing pauses; one that lasts begins anew', async () => {
    const run = keep()
    await run.pass(1_000)
    const pauses: number[] = []
    for (let n = 0; n < 8; n++) {
      const before = run.processes.length
      run.processes.at(-1)?.end('exit code 1')
      await run.pass(0)
      const begun = run.time.now()
      while (run.processes.length === before) await run.pass(10)
      pauses.push(run.time.now() - begun)
    }
    expect(pauses).toEqual([200, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
    await run.pass(31_000)
    run.processes.at(-1)?.end('exit code 1')
    await run.pass(30)
    expect(run.processes).toHaveLength(10)
    expect(run.failed).toEqual([])
  })

  test('without having come up once gives up, and says its last words', async () => {
    const run = keep()
    run.litefs.answers = false
    await run.pass(0)
    for (let n = 0; n < 8; n++) {
      expect(run.failed).toEqual([])
      run.processes.at(-1)?.end('exit code 1')
      await run.pass(8_000)
    }
    expect(run.failed).toEqual([['LiteFS does not come up:', 'last words']])
    expect(run.processes).toHaveLength(8)
  })

  test('a program that is not there is a failure at once', async () => {
    const run = keep({ starts: false })
    await run.pass(0)
    expect(run.failed).toEqual([['LiteFS cannot be started: Error: no such program']])
  })
})

describe('LiteFS that lives and is no good', () => {
  test('silent for four seconds: killed before anybody closes the database', async () => {
    const run = keep()
    await run.pass(1_000)
    run.log.length = 0
    run.litefs.answers = false
    await run.pass(3_900)
    expect(run.log).toEqual([])
    run.litefs.answers = true
    await run.pass(500)
    run.litefs.answers = false
    await run.pass(3_900)
    expect(run.log).toEqual([])
    await run.pass(1_000)
    expect(run.log.slice(0, 3)).toEqual(['SIGKILL', 'down', 'released'])
    run.litefs.answers = true
    await run.pass(1_000)
    expect(run.keeper.state()).toEqual(FOLLOWS)
  })

  test('at its start it has a minute', async () => {
    const run = keep()
    run.litefs.answers = false
    await run.pass(59_000)
    expect(run.processes[0]?.signals).toEqual([])
    await run.pass(2_000)
    expect(run.processes[0]?.signals[0]).toBe('SIGKILL')
  })

  test('without its mount: ended when the database is closed', async () => {
    const run = keep()
    await run.pass(1_000)
    run.log.length = 0
    run.litefs.mounted = false
    await run.pass(500)
    expect(run.log.slice(0, 3)).toEqual(['down', 'released', 'SIGTERM'])
    run.litefs.mounted = true
    await run.pass(1_000)
    expect(run.keeper.state()).toEqual(FOLLOWS)
  })

  test('deaf to the order to end: killed after three seconds', async () => {
    const run = keep()
    await run.pass(1_000)
    run.litefs.diesOf = ['SIGKILL']
    run.keeper.restart('as told')
    await run.pass(2_900)
    expect(run.processes[0]?.signals).toEqual(['SIGTERM'])
    await run.pass(200)
    expect(run.processes[0]?.signals).toEqual(['SIGTERM', 'SIGKILL'])
  })
})

describe('an order', () => {
  test('to start anew is obeyed once, however often it is given', async () => {
    const run = keep()
    await run.pass(1_000)
    run.keeper.restart('as told')
    run.keeper.restart('as told')
    await run.pass(0)
    run.keeper.restart('while it is down')
    await run.pass(5_000)
    expect(run.processes.length).toBe(2)
    expect(run.keeper.restarts()).toBe(1)
    expect(run.keeper.state()).toEqual(FOLLOWS)
  })

  test('to stop ends it cleanly, takes the mount away, and nothing is started any more', async () => {
    const run = keep()
    await run.pass(1_000)
    run.log.length = 0
    const stopped = run.keeper.stop()
    await run.pass(0)
    await stopped
    await run.pass(60_000)
    expect(run.log).toEqual(['down', 'released', 'SIGTERM', 'SIGKILL', 'unmount'])
  })

  test('to stop in the pause before a start is obeyed without waiting for it', async () => {
    const run = keep()
    await run.pass(1_000)
    for (let n = 0; n < 6; n++) {
      run.processes.at(-1)?.end('exit code 1')
      await run.pass(n < 5 ? 8_000 : 10)
    }
    const stopped = run.keeper.stop()
    await settled()
    await stopped
    expect(run.processes).toHaveLength(6)
  })

  test('to stop while a dead mount is taken away starts no LiteFS that nobody would end', async () => {
    const run = keep()
    const unmounting = Promise.withResolvers<void>()
    await run.pass(1_000)
    run.litefs.unmounting = unmounting.promise
    run.processes[0]?.end('exit code 99')
    await run.pass(300)
    let isStopped = false
    const stopped = run.keeper.stop().then(() => {
      isStopped = true
    })
    unmounting.resolve()
    await run.pass(0)
    expect(isStopped).toBe(true)
    expect(run.processes.length).toBe(1)
    await stopped
  })
})
