import { expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { firstBrokenLink, ORIGIN } from '../../src/journal/chain.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { seeded } from '../support/seeded.ts'
import { temporaryFolder } from '../support/storages.ts'
import { note, startTestWriter } from '../support/writer.ts'

const CHILD = fileURLToPath(new URL('./ingest-child.ts', import.meta.url))

/** Lets the child ingest, kills it after `patience` ms, and returns the numbers that it had acknowledged. */
async function ingestAndKill(dataDir: string, first: number, patience: number): Promise<number[]> {
  const child = Bun.spawn([process.execPath, CHILD, dataDir, String(first)], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let text = ''
  let ready = false
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (ready || !text.startsWith('ready')) continue
    ready = true
    setTimeout(() => child.kill('SIGKILL'), patience)
  }
  await child.exited
  // The kill may have cut the last line; a number is acknowledged if its newline is there.
  const lines = text.split('\n').slice(0, -1)
  return lines.filter((line) => line !== 'ready').map(Number)
}

test('G1: after kill -9 every acknowledged command is stored exactly once, and its retry gets the first answer', async () => {
  const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
  console.log(`KILL_SEED=${seed}`)
  const random = seeded(seed)
  const folder = temporaryFolder()
  const acknowledged: number[] = []
  for (let round = 0; round < 5; round++) {
    acknowledged.push(...(await ingestAndKill(folder.path, round * 1_000_000, 20 + random.int(250))))
  }
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(new Set(acknowledged).size).toBe(acknowledged.length)

  const started = await startTestWriter(folder.path)
  if (!started.ok) throw new Error(started.error.message)
  const reader = openReader(folder.path)
  const entries = reader.read(({ journal }) => journal.after(0, 10_000_000))
  const before = entries.length
  expect(firstBrokenLink(ORIGIN, entries)).toBeNull()
  expect(reader.read(({ journal }) => journal.epochs().length)).toBe(6)

  const found = new Map<number, number>()
  for (const { body } of entries) {
    if (body.kind !== 'event' || typeof body.data !== 'number') continue
    found.set(body.data, (found.get(body.data) ?? 0) + 1)
  }
  expect(acknowledged.filter((n) => found.get(n) !== 1)).toEqual([])
  // Commands that were stored but not acknowledged are there once, too.
  expect([...found.values()].every((count) => count === 1)).toBe(true)

  for (let i = 0; i < 50; i++) {
    const n = random.pick([...found.keys()])
    const retried = await started.value.bus.submit(note(n))
    expect(retried).toMatchObject({ ok: true, value: n })
    if (retried.ok) expect(retried.seq).toBeLessThan(before)
  }
  expect(reader.read(({ journal }) => journal.head()).seq).toBe(before)
  reader.close()
  await started.value.close()
  folder.remove()
}, 60_000)
