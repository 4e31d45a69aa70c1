import { describe, expect, test } from 'bun:test'
import type { JournalPosition } from '../../src/core/command.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Message } from '../../src/forwarding/messages.ts'
import { mergeMetrics } from '../../src/metrics/merge-metrics.ts'
import type { SpawnedProcess } from '../../src/processes/managed-process.ts'
import { PROCESS_HEARTBEAT, type Serving, type Supervisor } from '../../src/processes/process-messages.ts'
import { superviseProcesses } from '../../src/processes/process-supervisor.ts'
import { createHub } from '../../src/relay/hub.ts'

const HELLO = { type: 'greeting', greeting: {} } as const
/** The first status: it serves. */
const READY = { type: 'status', status: { connections: 0, seq: 0 } } as const
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

describe('the supervisor of serving processes', () => {
  test('is up when all processes are; each is told its number and its instance', async () => {
    const run = supervise(2)
    run.children[0]?.say(HELLO)
    run.children[0]?.say(READY)
    expect(run.outcome()).toBeNull()
    run.children[1]?.say(HELLO)
    run.children[1]?.say(READY)
    expect(await run.started).toMatchObject({ ok: true })
    expect(run.children.map(({ heard }) => heard[0])).toMatchObject([
      {
        type: 'greeting',
        greeting: {
          process: 1,
          processes: 2,
          instanceId: 'instance 1',
          operatorKey: 'key',
          host: { presence: { hosts: 3, connections: 14 } },
        },
      },
      {
        type: 'greeting',
        greeting: { process: 2, processes: 2, instanceId: 'instance 2', operatorKey: 'key' },
      },
    ])
  })

  test('a first start that fails ends all processes, and says why', async () => {
    const run = supervise(2)
    run.children[1]?.say(HELLO)
    run.children[1]?.notify({ type: 'failed', lines: ['no such file'] })
    run.children[1]?.end(1)
    expect(await run.started).toEqual({ ok: false, error: ['no such file'] })
    expect(run.children[0]?.signals).toEqual(['SIGKILL'])
  })

  test('a process that dies is replaced after growing pauses, and what it left is swept until that succeeds', async () => {
    const run = supervise(2)
    await run.up()
    run.sweeps.answers.push(false, true)
    run.children[0]?.end(null)
    await Bun.sleep(0)
    expect(run.sweeps.asked).toEqual([['instance 2']])
    await run.elapse(250)
    // Meanwhile there is a new one, which is not to be swept.
    expect(run.sweeps.asked).toEqual([['instance 2'], ['instance 3', 'instance 2']])
    const pauses: number[] = []
    for (let n = 0; n < 3; n++) {
      run.children.at(-1)?.end(1)
      await Bun.sleep(0)
      pauses.push(run.nextPause())
      await run.elapse(run.nextPause())
    }
    expect(pauses).toEqual([200, 500, 1_000])
    expect(run.givenUp()).toBe(0)
  })

  test('gives up when no process can be kept running', async () => {
    const run = supervise(1)
    await run.up()
    for (let n = 0; n < 8; n++) {
      run.children.at(-1)?.end(1)
      await Bun.sleep(0)
      await run.elapse(15_000)
    }
    expect(run.givenUp()).toBeGreaterThan(0)
  })

  test('a process that cannot be spawned is tried again like one that died; the supervisor lives', async () => {
    const run = supervise(2)
    await run.up()
    run.spawnFails(2)
    run.children[0]?.end(1)
    await Bun.sleep(0)
    const pauses: number[] = []
    for (let n = 0; n < 3; n++) {
      pauses.push(run.nextPause())
      await run.elapse(run.nextPause())
    }
    expect(pauses).toEqual([50, 200, 500])
    expect(run.children).toHaveLength(3)
    const started = await run.started
    expect(started.ok && started.value.status()[0]).toMatchObject({ state: 'restarting', pid: 1 })
  })

  test('a first spawn that fails ends all processes, and says why', async () => {
    const run = supervise(2, 1)
    expect(await run.started).toEqual({
      ok: false,
      error: ['a serving process cannot be started: Error: no more processes'],
    })
    expect(run.children.map(({ signals }) => signals)).toEqual([['SIGKILL']])
  })

  test('a process that serves is told of commits also while others start', async () => {
    const run = supervise(2)
    run.children[0]?.say(HELLO)
    run.children[0]?.say(READY)
    run.commit({ epoch: 1, seq: 2 })
    expect(run.children[0]?.heard.at(-1)).toEqual({ type: 'position', position: { epoch: 1, seq: 2 } })
  })

  test('kills a process that is silent for too long, and no other', async () => {
    const run = supervise(2)
    await run.up()
    for (let beats = 0; beats * PROCESS_HEARTBEAT.interval < 25_000; beats++) {
      run.beat()
      run.children[1]?.say({ type: 'status', status: { connections: 3, seq: 9 } })
    }
    expect(run.children.map(({ signals }) => signals)).toEqual([['SIGKILL'], []])
    const started = await run.started
    expect(started.ok && started.value.status()[1]).toMatchObject({ connections: 3, seq: 9 })
  })

  test('the metrics are those of all processes but the ones that do not answer', async () => {
    const run = supervise(2)
    await run.up()
    run.children[0]?.notify({ type: 'scrape', id: 7 })
    const asked = run.children[0]?.notices().at(-1)
    const id = asked?.type === 'collect' ? asked.id : 0
    run.children[0]?.notify({ type: 'collected', id, text: up('1') })
    await run.elapse(1_000)
    await Bun.sleep(0)
    expect(run.children[0]?.notices().at(-1)).toEqual({
      type: 'metrics',
      id: 7,
      text: '# HELP up Up\n# TYPE up gauge\nup{process="supervisor"} 1\nup{process="1"} 1\n',
    })
  })

  test('asks all processes to end, and kills the ones that do not', async () => {
    const run = supervise(2)
    await run.up()
    const started = await run.started
    if (!started.ok) throw new Error('not started')
    const stopping = started.value.stop(7_000)
    for (const child of run.children) expect(child.notices().at(-1)).toEqual({ type: 'stop' })
    run.children[0]?.end(0)
    await run.elapse(7_000)
    expect(run.children[1]?.signals).toEqual(['SIGKILL'])
    await stopping
    expect(run.children).toHaveLength(2)
  })
})

function up(process: string): string {
  return `# HELP up Up\n# TYPE up gauge\nup{process="${process}"} 1\n`
}

/** A supervisor over processes that do as they are told, and time that passes when it is told to. */
function supervise(processes: number, spawnsThatFail = 0) {
  const children: ReturnType<typeof child>[] = []
  let waiting: { at: number; run: () => void }[] = []
  let now = 0
  let beat = () => {}
  let instances = 0
  let failing = spawnsThatFail
  let commit = (_position: JournalPosition) => {}
  let givenUp = 0
  let outcome: unknown = null
  const sweeps = { asked: [] as (readonly string[])[], answers: [] as boolean[] }
  const started = superviseProcesses({
    processes,
    operatorKey: 'key',
    spawn() {
      if (failing-- > 0) throw new Error('no more processes')
      const made = child()
      children.push(made)
      return made.spawned
    },
    newInstanceId: () => `instance ${++instances}`,
    bus: { submit: async () => ({ ok: true, value: null, epoch: 1, seq: 1 }) },
    writer: () => ({ state: 'running', restarts: 0 }),
    position: () => ({ epoch: 1, seq: 1 }),
    node: () => null,
    onCommit(listener) {
      commit = listener
    },
    async sweep(alive) {
      sweeps.asked.push(alive)
      return sweeps.answers.shift() ?? true
    },
    metrics: async () => up('supervisor'),
    mergeMetrics,
    relay: createHub({ now: () => now, failed() {}, uplink: null, defer: setImmediate }),
    presence: () => ({ hosts: 3, connections: 14 }),
    onGivenUp: () => void givenUp++,
    after: (delay, run) => void waiting.push({ at: now + delay, run }),
    every(_period, run) {
      beat = run
      return () => {}
    },
    logger: quiet,
  })
  void started.then((result) => {
    outcome = result
  })
  return {
    started,
    children,
    sweeps,
    outcome: () => outcome,
    givenUp: () => givenUp,
    beat: () => beat(),
    commit: (position: JournalPosition) => commit(position),
    spawnFails(times: number) {
      failing = times
    },
    nextPause: () => Math.min(...waiting.map(({ at }) => at - now)),
    async elapse(time: number) {
      now += time
      const due = waiting.filter(({ at }) => at <= now)
      waiting = waiting.filter(({ at }) => at > now)
      for (const { run } of due) run()
      await Bun.sleep(0)
    },
    async up() {
      for (const each of children) {
        each.say(HELLO)
        each.say(READY)
      }
      await started
    },
  }
}

function child() {
  const heard: Message<Supervisor>[] = []
  const signals: string[] = []
  const exited = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  let take = (_text: string) => {}
  const kill = (signal: string) => {
    signals.push(signal)
    exited.resolve({ code: null, signal })
  }
  const say = (message: Message<Serving>) => take(JSON.stringify(message))
  const spawned: SpawnedProcess = {
    pid: 1,
    channel: {
      send: (text) => void heard.push(JSON.parse(text)),
      onText(taker) {
        take = taker
      },
      onEnd() {},
      close() {},
      abort: () => kill('SIGKILL'),
    },
    kill,
    exited: exited.promise,
  }
  return {
    spawned,
    heard,
    signals,
    say,
    notify: (notice: Serving['notice']) => say({ type: 'notice', notice }),
    notices: () => heard.flatMap((message) => (message.type === 'notice' ? [message.notice] : [])),
    end: (code: number | null) => exited.resolve({ code, signal: code === null ? 'SIGKILL' : null }),
  }
}
