import { afterEach, expect, test } from 'bun:test'
import type { Command } from '../../src/core/command.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Transport } from '../../src/forwarding/transport.ts'
import { superviseWriter } from '../../src/journal/writer-supervisor.ts'
import type { HostStatus } from '../../src/processes/host-status.ts'
import { createManagedProcess, type SpawnedProcess } from '../../src/processes/managed-process.ts'
import { linkToSupervisor } from '../../src/processes/supervisor-link.ts'
import { createHub } from '../../src/relay/hub.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { every } from '../support/every.ts'
import { pipe } from '../support/pipe.ts'
import { temporaryFolder } from '../support/storages.ts'
import { note, startTestWriter } from '../support/writer.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const relay = { now: () => 0, failed() {} }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

test('commands of a serving process are committed in order, and answered after it was told of the commit', async () => {
  const { links, reader } = await host(1)
  const [link] = links
  if (link === undefined) throw new Error('no link')
  const results = await Promise.all(Array.from({ length: 1_000 }, (_, n) => link.bus.submit(note(n))))
  const seqs = results.map((result) => (result.ok ? result.seq : 0))
  expect(seqs.every((seq, index) => seq > 0 && seq >= (seqs[index - 1] ?? 0))).toBe(true)
  expect(link.told()).toBe(seqs.at(-1) ?? 0)
  expect(notes(reader)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
})

test('when the writer dies under two processes, unanswered commands may be sent again by either, and each counts once, within two seconds', async () => {
  const { links, reader, state } = await host(2)
  const sent: Promise<unknown>[] = []
  const lost: number[] = []
  const submit = async (n: number) => {
    const result = await links[n % 2]?.bus.submit(note(n))
    if (result?.ok !== true) lost.push(n)
    if (result?.ok === false)
      expect(result.error).toMatchObject({ code: 'ServiceUnavailable', retryAfter: 1_000 })
  }
  for (let n = 0; n < 400; n++) {
    sent.push(submit(n))
    if (n === 200) sent.push(links[0]?.bus.submit(crash) ?? Promise.resolve())
    if (n % 20 === 0) await Bun.sleep(1)
  }
  await Promise.all(sent)
  const died = performance.now()
  expect(lost.length).toBeGreaterThan(0)
  while (state().writer.state !== 'running') await Bun.sleep(5)
  expect(performance.now() - died).toBeLessThan(2_000)
  // By the other process this time, under the same keys.
  for (const n of lost.splice(0)) await links[(n + 1) % 2]?.bus.submit(note(n))
  expect(notes(reader).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, n) => n))
})

test('without its supervisor every command is answered, now and later', async () => {
  const { links, cut } = await host(1, () => new Promise(() => {}))
  const [link] = links
  if (link === undefined) throw new Error('no link')
  const waiting = link.bus.submit(note(1))
  await Bun.sleep(1)
  cut()
  for (const answer of [await waiting, await link.bus.submit(note(2))]) {
    if (answer.ok) throw new Error('answered without a writer')
    expect(answer.error).toMatchObject({ code: 'ServiceUnavailable', retryAfter: 1_000 })
    expect(answer.error.message).toContain('same id')
  }
  expect(link.isOrphan()).toBe(true)
})

const crash: Command = { kind: 'test.crash', actor: { type: 'system' }, at: 1, payload: null }

/**
 * A supervised writer over a folder, and serving processes that reach it through managed processes; the
 * channels copy text, as real ones do.
 */
async function host(processes: number, submit?: () => Promise<never>) {
  const folder = temporaryFolder()
  cleanups.push(folder.remove)
  const managed: ReturnType<typeof createManagedProcess>[] = []
  const started = await superviseWriter({
    start: (onCrash) => startTestWriter(folder.path, onCrash),
    onCommit: (position) => {
      for (const each of managed) each.committed(position)
    },
    onGivenUp: () => {},
    wait: Bun.sleep,
    logger: quiet,
  })
  if (!started.ok) throw new Error(started.error.message)
  const writer = started.value
  cleanups.push(writer.close)
  const state = (): HostStatus => ({
    writer: writer.status(),
    position: writer.position(),
    processes: [],
    presence: { hosts: 1, connections: 0 },
    node: null,
  })
  const pipes = Array.from({ length: processes }, pipe)
  const links = await Promise.all(
    pipes.map(async ({ near, far }, index) => {
      const process = createManagedProcess({
        process: index + 1,
        processes,
        operatorKey: '',
        spawn: () => spawned(near),
        newInstanceId: () => 'instance',
        bus: submit === undefined ? writer.bus : { submit },
        host: state,
        onReady() {},
        onEnd() {},
        onScrape() {},
        onCollected() {},
        relay: createHub({ ...relay, uplink: null, defer: setImmediate }),
        after() {},
        logger: quiet,
      })
      let told = 0
      let orphan = false
      process.start()
      const link = await linkToSupervisor({
        channel: far,
        onCommit: () => {
          told = link?.host().position.seq ?? 0
        },
        onHost() {},
        onStop() {},
        onGone: () => {
          orphan = true
        },
        relay,
        after() {},
        every,
      })
      managed.push(process)
      link.ready({ status: () => ({ connections: 0, seq: 0 }), metrics: async () => '' })
      cleanups.push(() => near.end())
      await Bun.sleep(1)
      return { ...link, told: () => told, isOrphan: () => orphan }
    }),
  )
  const reader = openReader(folder.path)
  cleanups.push(reader.close)
  return { links, state, reader, cut: () => pipes[0]?.near.end() }
}

function notes(reader: ReturnType<typeof openReader>): readonly number[] {
  const rows = reader.read(({ journal }) => journal.after(0, 100_000))
  return rows.flatMap(({ body }) =>
    body.kind === 'event' && typeof body.data === 'number' ? [body.data] : [],
  )
}

function spawned(channel: Transport): SpawnedProcess {
  return { pid: 1, channel, kill() {}, exited: new Promise(() => {}) }
}
