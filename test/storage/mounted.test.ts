import { afterEach, describe, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StorageFailure } from '../../src/core/storage.ts'
import { openMountedForWriting, openMountedReader } from '../../src/storage/sqlite/mounted.ts'
import { temporaryFolder } from '../support/storages.ts'

/* A folder stands in for the mount: LiteFS shows a database and, beside it, a file with its position. */

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

function setUp() {
  const folder = temporaryFolder()
  open.push(folder.remove)
  const file = join(folder.path, 'dashboard.sqlite')
  const moveTo = (text: string) => writeFileSync(`${file}-pos`, text)
  return { file, moveTo, remove: () => rmSync(`${file}-pos`, { force: true }) }
}

function writer(file: string) {
  const opened = openMountedForWriting(file)
  if (!opened.ok) throw new Error(opened.error.message)
  open.push(opened.value.close)
  const position = () => {
    if (opened.value.position === undefined) throw new Error('it has no position')
    return opened.value.position()
  }
  return { storage: opened.value, position }
}

describe('a writer over LiteFS', () => {
  test('says where the database is after each commit', () => {
    const { file, moveTo } = setUp()
    const { storage, position } = writer(file)
    storage.write(({ journal }) => journal.remember('key', 'answer', 1))
    moveTo('000000000000000a/f0e1d2c3b4a59687\n')
    const first = { txid: '000000000000000a', checksum: 'f0e1d2c3b4a59687' }
    expect([position(), position()]).toEqual([first, first])
    moveTo('000000000000000b/f0e1d2c3b4a59688\n')
    expect(position().txid).toBe('000000000000000b')
  })

  test('a position that cannot be read, or is none, is a failure of the storage', () => {
    const { file, moveTo, remove } = setUp()
    const { position } = writer(file)
    expect(position).toThrow(StorageFailure)
    for (const text of ['', 'a/b', '000000000000000A/f0e1d2c3b4a59687']) {
      moveTo(text)
      expect(position).toThrow(StorageFailure)
    }
    moveTo('000000000000000a/f0e1d2c3b4a59687\n')
    expect(position().txid).toBe('000000000000000a')
    remove()
    // The open file says the same as before, so LiteFS itself is asked.
    expect(position).toThrow(StorageFailure)
  })

  test('a database of another program is refused', () => {
    const { file } = setUp()
    writeFileSync(file, 'no database at all, but long enough to have a header'.repeat(10))
    const opened = openMountedForWriting(file)
    expect(opened.ok || opened.error.reason).toBe('damaged')
  })
})

describe('a reader over LiteFS', () => {
  test('reads what was committed', () => {
    const { file, moveTo } = setUp()
    writer(file).storage.write(({ journal }) => journal.remember('key', 'answer', 1))
    moveTo('000000000000000a/f0e1d2c3b4a59687\n')
    const reader = openMountedReader(file, () => performance.now())
    open.push(reader.close)
    expect(reader.read(({ journal }) => ({ answer: journal.recall('key') })).answer).toBe('answer')
    expect(() => reader.write(({ journal }) => journal.remember('key', 'other', 1))).toThrow(StorageFailure)
  })

  test('a mount that is gone is noticed before SQLite is asked', async () => {
    const { file, moveTo, remove } = setUp()
    writer(file)
    moveTo('000000000000000a/f0e1d2c3b4a59687\n')
    const reader = openMountedReader(file, () => performance.now())
    open.push(reader.close)
    let reads = 0
    const read = () =>
      reader.read(() => {
        reads += 1
        return reads
      })
    read()
    remove()
    // One look serves for the reads of the next two milliseconds.
    await Bun.sleep(5)
    const before = reads
    expect(read).toThrow(StorageFailure)
    expect(reads).toBe(before)
    moveTo('000000000000000b/f0e1d2c3b4a59687\n')
    expect(read()).toBe(before + 1)
  })

  test('a database that is not there cannot be opened', () => {
    const { file } = setUp()
    expect(() => openMountedReader(file, () => performance.now())).toThrow()
  })
})
