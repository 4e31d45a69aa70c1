import { isJsonObject, type Json, type JsonObject, ownValue } from '../core/json.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'
import { MAX_SHAPES, TAG } from './packed-layout.ts'
import { type PackedTables, shapeKey } from './packed-table.ts'

/**
 * Writes values and paths of one message, and adds new ones to the tables (rules K-6 to K-9). `timestamp` is
 * the message's, in ms. `seen` holds shapes that occurred once: a shape gets a number when it occurs again,
 * so that dictionaries, whose keys differ each time, do not fill the table.
 */
export class PackedValueWriter {
  constructor(
    readonly out: MsgpackWriter,
    readonly tables: PackedTables,
    readonly seen: Set<string>,
    readonly timestamp: number,
  ) {}

  /** [path, value, path, value, ...] */
  changes(changes: JsonObject): void {
    const paths = Object.keys(changes)
    this.out.arrayHeader(paths.length * 2)
    for (const path of paths) {
      this.path(path)
      this.value(ownValue(changes, path) ?? null)
    }
  }

  /** [path, path, ...] */
  paths(paths: readonly string[]): void {
    this.out.arrayHeader(paths.length)
    for (const path of paths) this.path(path)
  }

  /** Writes the path's number or, when it is new, its text. */
  path(path: string): void {
    const id = this.tables.paths.idOf(path)
    if (id !== undefined) {
      this.out.number(id)
    } else {
      this.tables.paths.add(path, path)
      this.out.string(path)
    }
  }

  value(value: Json): void {
    if (typeof value === 'number' && this.#isNear(value)) {
      this.out.arrayHeader(2)
      this.out.number(TAG.near)
      this.out.number(value - this.timestamp)
    } else if (typeof value !== 'object' || value === null) {
      this.out.value(value)
    } else if (isJsonObject(value)) {
      this.#object(value)
    } else {
      this.out.arrayHeader(value.length + 1)
      this.out.number(TAG.array)
      for (const item of value) this.value(item)
    }
  }

  /** Returns whether an integer takes nine bytes, but at most seven as a difference. */
  #isNear(value: number): boolean {
    return (
      value > 0xffff_ffff && Number.isSafeInteger(value) && Math.abs(value - this.timestamp) < 0x8000_0000
    )
  }

  #object(object: JsonObject): void {
    const keys = Object.keys(object)
    const key = shapeKey(keys)
    const id = this.tables.shapes.idOf(key)
    if (id === undefined && !this.#comesAgain(key)) {
      this.out.arrayHeader(1 + keys.length * 2)
      this.out.number(TAG.object)
      for (const name of keys) {
        this.out.string(name)
        this.value(ownValue(object, name) ?? null)
      }
      return
    }
    this.out.arrayHeader(1 + keys.length)
    if (id !== undefined) {
      this.out.number(id + 1)
    } else {
      this.tables.shapes.add(key, keys)
      this.out.value(keys)
    }
    for (const name of keys) this.value(ownValue(object, name) ?? null)
  }

  #comesAgain(key: string): boolean {
    if (this.seen.has(key)) return !this.tables.shapes.isFull
    if (this.seen.size >= MAX_SHAPES * 4) this.seen.clear()
    this.seen.add(key)
    return false
  }
}
