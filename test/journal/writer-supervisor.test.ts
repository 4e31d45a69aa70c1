import { describe, expect, test } from 'bun:test'
import type { Command } from '../../src/core/command.ts'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { Logger } from '../../src/core/logger.ts'
import { fail, ok } from '../../src/core/result.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import { startWriter, type Writer } from '../../src/journal/writer-client.ts'
import { superviseWriter } from '../../src/journal/writer-supervisor.ts'
import { recordingLogger } from '../support/journal.ts'
import { temporaryFolder } from '../support/storages.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

describe('writer supervisor', () => {
  test('a thread that dies is replaced, in a new reign, on the same database', async () => {
    const folder = temporaryFolder()
    const reigns: number[] = []
    const started = await superviseWriter({
      start: (onCrash) =>
        startWriter({
          thread: new URL('../support/test-writer.ts', import.meta.url),
          dataDir: folder.path,
          workspace: DEFAULT_WORKSPACE,
          retention: DEFAULT_RETENTION,
          logger: quiet,
          onCrash,
        }),
      onCommit: ({ epoch }) => reigns.push(epoch),
      onGivenUp: (reason) => reigns.push(reason.length),
      wait: Bun.sleep,
      logger: quiet,
    })
    if (!started.ok) throw new Error(started.error.message)
    const writer = started.value
    expect(await writer.bus.submit(command('test.note'))).toMatchObject({ ok: true })

    void writer.bus.submit(command('test.crash'))
    while (writer.status().state === 'running') await Bun.sleep(1)
    expect(await writer.bus.submit(command('test.note'))).toMatchObject({
      error: { code: 'ServiceUnavailable', retryAfter: 1_000 },
    })
    while (writer.status().state !== 'running') await Bun.sleep(10)
    expect(await writer.bus.submit(command('test.note'))).toMatchObject({ ok: true })
    expect(new Set(reigns).size).toBe(2)
    expect(writer.status().restarts).toBe(1)
    await writer.close()
    expect(writer.status().state).toBe('stopped')
    folder.remove()
  })

  test('a first start that fails is answered, not repeated', async () => {
    const run = await supervise(() => false)
    expect(run.result).toEqual(fail({ reason: 'locked', message: 'somebody else writes' }))
    expect(run.starts()).toBe(1)
  })

  test('a writer that cannot be brought back is given up after half a minute of attempts', async () => {
    const run = await supervise((attempt) => attempt === 1)
    if (!run.result.ok) throw new Error('should have started')
    run.crash()
    await run.givenUp
    expect(run.starts()).toBe(9)
    const waited = run.waits.reduce((sum, time) => sum + time, 0)
    expect(waited).toBeGreaterThan(25_000)
    expect(waited).toBeLessThan(40_000)
    expect(run.waits.slice(0, 4).reduce((sum, time) => sum + time, 0)).toBeLessThan(2_000)
  })

  test('whoever is told of a new reign and throws does not end the process with it', async () => {
    const run = await supervise(
      () => true,
      () => {
        throw new Error('the journal cannot be read')
      },
    )
    if (!run.result.ok) throw new Error('should have started')
    run.crash()
    await Bun.sleep(0)
    expect(run.result.value.status().state).toBe('running')
    expect(run.result.value.status().restarts).toBe(1)
    expect(run.lines).toEqual(['commit listener threw', 'writer died', 'commit listener threw'])
  })

  test('closing ends the attempts', async () => {
    const run = await supervise((attempt) => attempt === 1)
    if (!run.result.ok) throw new Error('should have started')
    run.crash()
    await run.result.value.close()
    await Bun.sleep(0)
    expect(run.starts()).toBeLessThanOrEqual(2)
    expect(run.result.value.status().state).toBe('stopped')
  })
})

function command(kind: string): Command {
  return { kind, actor: { type: 'system' }, at: 1, payload: { n: 1 } }
}

/**
 * A supervisor over writers that start or not, as `starts` says of each attempt, and time that passes at
 * once.
 */
async function supervise(starts: (attempt: number) => boolean, onCommit: () => void = () => {}) {
  const { lines, error } = recordingLogger()
  let attempts = 0
  let crash = () => {}
  const waits: number[] = []
  const givenUp = Promise.withResolvers<string>()
  const result = await superviseWriter({
    async start(onCrash) {
      attempts += 1
      crash = () => onCrash('test')
      return starts(attempts) ? ok(idleWriter) : fail({ reason: 'locked', message: 'somebody else writes' })
    },
    onCommit,
    onGivenUp: givenUp.resolve,
    async wait(time) {
      waits.push(time)
    },
    logger: { ...quiet, error },
  })
  return { result, waits, lines, starts: () => attempts, crash: () => crash(), givenUp: givenUp.promise }
}

const idleWriter: Writer = {
  bus: { submit: async () => ({ ok: true, value: null, epoch: 1, seq: 1 }) },
  opened: { epoch: 1, seq: 1 },
  onCommit: () => () => {},
  waiting: () => 0,
  close: async () => {},
  abandon: () => {},
}
