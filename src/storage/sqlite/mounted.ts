import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import type { Board } from '../../boards/board.ts'
import { BOARDS } from '../../boards/index.ts'
import type { Millis } from '../../core/clock.ts'
import type { StoragePosition } from '../../core/command.ts'
import { ok, type Result } from '../../core/result.ts'
import { type Storage, StorageFailure } from '../../core/storage.ts'
import type { Stores } from '../stores.ts'
import type { OpenRefusal } from './inspect.ts'
import { MIGRATIONS_FOLDER, openDatabase, openFileForReading } from './open.ts'

/**
 * Opens (or makes) the database in LiteFS's mount for writing; this node must be the primary, and its one
 * writer process. LiteFS checks every page by itself.
 */
export function openMountedForWriting(
  file: string,
  boards: readonly Board[] = BOARDS,
): Result<Storage<Stores>, OpenRefusal> {
  const opened = openDatabase(file, { migrationsFolder: MIGRATIONS_FOLDER, boards, checkWhole: false })
  if (!opened.ok) return opened
  const storage = opened.value
  const position = positionReader(file)
  return ok({
    ...storage,
    position: position.read,
    close() {
      position.close()
      storage.close()
    },
  })
}

/**
 * Opens the database in LiteFS's mount for reading, on any node. In a mount whose LiteFS has died, a read
 * fails at once: SQLite itself would take its dead locks for busy ones, and block the thread for ten seconds.
 * `now` is monotonic time, ms.
 */
export function openMountedReader(
  file: string,
  now: () => Millis,
  boards: readonly Board[] = BOARDS,
): Storage<Stores> {
  const storage = openFileForReading(file, boards)
  let checkedAt = -Infinity
  const checkMount = () => {
    if (now() - checkedAt < CHECK_INTERVAL) return
    try {
      statSync(`${file}-pos`)
    } catch (error) {
      throw new StorageFailure('the mount of LiteFS is gone', error)
    }
    checkedAt = now()
  }
  return {
    ...storage,
    read(work) {
      checkMount()
      return storage.read(work)
    },
  }
}

/**
 * The mount is checked once for all reads within this time, ms. It costs half of a short read (100 and 185
 * us).
 */
const CHECK_INTERVAL: Millis = 2

/** Reads the position of a database from LiteFS's file beside it: `txid/checksum`, 16 hex digits each. */
function positionReader(file: string) {
  const path = `${file}-pos`
  const buffer = Buffer.alloc(64)
  let descriptor: number | null = null
  let last = ''

  const fromOpenFile = (): string => {
    descriptor ??= openSync(path, 'r')
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0))
  }
  return {
    read(): StoragePosition {
      try {
        let text = fromOpenFile()
        // The kernel keeps its content until LiteFS says that it changed: 1 us. If it seems the same, LiteFS
        // is asked itself: 500 us.
        if (text === last) text = readFileSync(path, 'latin1')
        last = text
        const found = /^([0-9a-f]{16})\/([0-9a-f]{16})/.exec(text)
        if (found?.[1] === undefined || found[2] === undefined) throw new Error(`${path} holds no position`)
        return { txid: found[1], checksum: found[2] }
      } catch (error) {
        throw new StorageFailure('the position of the replicated database cannot be read', error)
      }
    },
    close() {
      if (descriptor !== null) closeSync(descriptor)
    },
  }
}
