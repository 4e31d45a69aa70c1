import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Command } from '../../src/core/command.ts'
import { firstBrokenLink, ORIGIN } from '../../src/journal/chain.ts'
import type { Writer } from '../../src/journal/writer-client.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { temporaryFolder } from '../support/storages.ts'
import { note, startTestWriter } from '../support/writer.ts'

const CRASH: Command = { kind: 'test.crash', actor: { type: 'system' }, at: 0, payload: null }

describe('writer thread', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let writer: Writer
  const crashes: string[] = []
  beforeEach(async () => {
    folder = temporaryFolder()
    crashes.length = 0
    const started = await startTestWriter(folder.path, (reason) => crashes.push(reason))
    if (!started.ok) throw new Error(started.error.message)
    writer = started.value
  })
  afterEach(async () => {
    await writer.close()
    folder.remove()
  })

  test('what is acknowledged is there for a reader, at the position the answer names', async () => {
    const reader = openReader(folder.path)
    const seen: number[] = []
    writer.onCommit(({ seq }) => seen.push(seq))
    const results = await Promise.all([1, 2, 3].map((n) => writer.bus.submit(note(n))))
    const entries = reader.read(({ journal }) => journal.after(0, 100))
    expect(firstBrokenLink(ORIGIN, entries)).toBeNull()
    for (const [i, result] of results.entries()) {
      if (!result.ok) throw new Error(result.error.message)
      expect(result.value).toBe(i + 1)
      expect(result.epoch).toBe(writer.opened.epoch)
      const told = entries.find((entry) => entry.body.kind === 'event' && entry.body.data === i + 1)
      expect(told?.seq).toBeLessThanOrEqual(result.seq)
    }
    expect(seen.at(-1)).toBe(entries.at(-1)?.seq)
    reader.close()
  })

  test('a second writer on the folder is refused, in words, and the first goes on', async () => {
    const second = await startTestWriter(folder.path)
    expect(second).toMatchObject({ ok: false, error: { reason: 'locked' } })
    expect(await writer.bus.submit(note(1))).toMatchObject({ ok: true })
  })

  test('a thread that dies leaves no command unanswered, and says so once', async () => {
    const results = await Promise.all([writer.bus.submit(CRASH), writer.bus.submit(note(1))])
    const late = await writer.bus.submit(note(2))
    expect(late).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 1_000 } })
    expect(results.length).toBe(2)
    expect(crashes.length).toBe(1)
    await writer.close()
  })

  test('closing without patience answers too', async () => {
    const results = Array.from({ length: 500 }, (_, n) => writer.bus.submit(note(n)))
    await writer.close(0)
    expect((await Promise.all(results)).length).toBe(500)
    expect(crashes).toEqual([])
  })

  test('closing answers everything first, leaves one whole file, and the next start continues the chain', async () => {
    const results = Array.from({ length: 50 }, (_, n) => writer.bus.submit(note(n)))
    await writer.close()
    expect((await Promise.all(results)).every((result) => result.ok)).toBe(true)
    expect(await writer.bus.submit(note(99))).toMatchObject({ ok: false })
    const again = await startTestWriter(folder.path)
    if (!again.ok) throw new Error(again.error.message)
    writer = again.value
    const retried: unknown = await writer.bus.submit(note(7))
    expect(retried).toEqual(await results[7])
    const reader = openReader(folder.path)
    expect(
      firstBrokenLink(
        ORIGIN,
        reader.read(({ journal }) => journal.after(0, 1_000)),
      ),
    ).toBeNull()
    expect(reader.read(({ journal }) => journal.epochs().length)).toBe(2)
    reader.close()
  })
})
