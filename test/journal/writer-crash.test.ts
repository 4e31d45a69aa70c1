import { expect, test } from 'bun:test'
import { Replica } from '../../src/client/replica.ts'
import { systemClock as clock } from '../../src/core/clock.ts'
import { appError } from '../../src/core/errors.ts'
import { type ChannelName, channelKey, DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { applyPatch } from '../../src/core/patch.ts'
import { fail, ok } from '../../src/core/result.ts'
import { createHistory } from '../../src/journal/history.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import { createTail } from '../../src/journal/tail.ts'
import type { JournalReads } from '../../src/journal/types.ts'
import { startWriter } from '../../src/journal/writer-client.ts'
import { superviseWriter } from '../../src/journal/writer-supervisor.ts'
import { createEngine } from '../../src/live/engine.ts'
import { DEFAULT_LIMITS } from '../../src/live/limits.ts'
import type { ChannelSource } from '../../src/live/ports.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { Socket, Wire } from '../oracle/wire.ts'
import { recordingLogger } from '../support/journal.ts'
import { noBoards, noMetrics } from '../support/live.ts'
import { manualTimers } from '../support/manual-timers.ts'
import { temporaryFolder } from '../support/storages.ts'
import { note } from '../support/writer.ts'

const SCOPE = { workspace: DEFAULT_WORKSPACE, user: null }
const DOC = 'doc' as ChannelName
const NOTES = 'notes' as ChannelName

/** G1, G2, G4: the sockets stay while the writer dies and another reign begins, several times. */
test('clients on living sockets miss nothing when the writer thread dies and is replaced', async () => {
  const folder = temporaryFolder()
  const logger = recordingLogger()
  let wake = () => {}
  const started = await superviseWriter({
    start: (onCrash) =>
      startWriter({
        thread: new URL('../support/test-writer.ts', import.meta.url),
        dataDir: folder.path,
        workspace: DEFAULT_WORKSPACE,
        retention: DEFAULT_RETENTION,
        logger,
        onCrash,
      }),
    onCommit: () => wake(),
    onGivenUp: (reason) => logger.error(reason),
    wait: () => Bun.sleep(1),
    logger,
  })
  if (!started.ok) throw new Error(started.error.message)
  const writer = started.value
  const storage = openReader(folder.path)
  const read: JournalReads = (work) => storage.read(({ journal }) => work(journal))
  const defects: string[] = []
  const wire = new Wire(() => ({ documents: new Map() }))
  const timers = manualTimers()
  const engine = createEngine<Socket>({
    clock,
    random: { bytes: (length) => new Uint8Array(length) },
    transport: wire.transport,
    publisher: wire.publisher,
    sources: sourcesOver(read),
    access: { scopeOf: () => ok(SCOPE) },
    history: createHistory(read),
    authenticator: { authenticate: async () => fail(appError('InvalidCredentials', 'nobody')) },
    ...noBoards,
    events: ['notification'],
    metrics: noMetrics,
    relay: null,
    limits: DEFAULT_LIMITS,
    timers,
    defect: (cause) => void defects.push(String(cause)),
  })
  const tail = createTail({
    read,
    deliver: engine.apply,
    onLost: () => defects.push('lost'),
    slice: 8,
    defer: setImmediate,
    failed: (error) => defects.push(String(error)),
  })
  wake = tail.wake
  const client = new Client()
  const { socket } = client
  const session = engine.open(socket, {
    format: 'json',
    clientType: 'tui',
    origin: '',
    address: '',
    operator: false,
    workspace: DEFAULT_WORKSPACE,
    preset: [],
  })
  engine.receive(session, encodeClientMessage({ type: 'subscribe', channels: [DOC, NOTES] }, 'json'))

  const acknowledged: number[] = []
  const send = async (n: number) => {
    // As a device does: again, under the same id, until it is taken.
    while (!(await writer.bus.submit(note(n))).ok) await Bun.sleep(1)
    acknowledged.push(n)
  }
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    const sent = Array.from({ length: 40 }, (_, index) => send(round * 40 + index))
    if (round < rounds - 1)
      void writer.bus.submit({ kind: 'test.crash', actor: { type: 'system' }, at: 0, payload: null })
    await Promise.all(sent)
    timers.pass(FLUSH_INTERVAL.tui)
  }
  tail.catchUp()
  timers.pass(FLUSH_INTERVAL.tui)
  client.read()

  // Not every order to die finds a writer that could.
  expect(writer.status().restarts).toBeGreaterThan(1)
  expect(defects).toEqual([])
  expect(client.troubles).toEqual([])
  expect(client.epochs.size).toBe(1 + writer.status().restarts)
  expect(client.events.toSorted((a, b) => a - b)).toEqual(acknowledged.toSorted((a, b) => a - b))
  expect(client.doc.value).toEqual(read((journal) => foldDocument(journal.ofChannel(KEY, 0, 10_000))))
  tail.stop()
  await writer.close()
  storage.close()
  folder.remove()
})

/**
 * Reads both channels with the real client's replicas; `troubles` are answers that none of its messages may
 * have.
 */
class Client {
  readonly socket = new Socket()
  readonly doc = new Replica()
  readonly notes = new Replica()
  readonly events: number[] = []
  readonly epochs = new Set<number>()
  readonly troubles: string[] = []

  read(): void {
    for (const item of this.socket.items.splice(0)) {
      const decoded = item.type === 'frame' ? decodeServerFrame(item.frame) : null
      const message = decoded?.ok ? decoded.value : null
      if (message === null) continue
      const replica = 'channel' in message && message.channel === DOC ? this.doc : this.notes
      switch (message.type) {
        case 'snapshot':
          replica.snapshot(message)
          this.epochs.add(message.epoch)
          break
        case 'update':
        case 'resumed':
          this.#note(message.type, replica.delta(message).type)
          this.epochs.add(message.epoch)
          break
        case 'event':
          if (this.#note('event', replica.event(message, false).type) && typeof message.data === 'number')
            this.events.push(message.data)
          break
        case 'hello':
        case 'caught_up':
          break
        default:
          this.troubles.push(message.type)
      }
    }
  }

  #note(what: string, outcome: string): boolean {
    if (outcome === 'gap' || outcome === 'corrupt') this.troubles.push(`${what}: ${outcome}`)
    return outcome === 'event'
  }
}

const KEY = channelKey(DOC, SCOPE)

function foldDocument(rows: ReturnType<Parameters<Parameters<JournalReads>[0]>[0]['ofChannel']>): JsonObject {
  return rows.reduce<JsonObject>(
    (document, { body }) => (body.kind === 'patch' ? applyPatch(document, body.patch) : document),
    {},
  )
}

function sourcesOver(read: JournalReads): readonly ChannelSource[] {
  return [
    {
      kind: 'state',
      name: DOC,
      audience: 'workspace',
      permission: null,
      load: () =>
        read((journal) => ({
          seq: journal.head().seq,
          data: foldDocument(journal.ofChannel(KEY, 0, 10_000)),
        })),
    },
    { kind: 'stream', name: NOTES, audience: 'workspace', permission: null, event: 'notification' },
  ]
}
