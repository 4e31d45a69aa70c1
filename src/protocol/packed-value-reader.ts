import { type Json, type JsonObject, setOwnValue } from '../core/json.ts'
import { TAG } from './packed-layout.ts'
import { type PackedTables, type Shape, shapeKey } from './packed-table.ts'

/** A frame breaks the layout; caught by the decoder. */
export class PackedError extends Error {}

/**
 * The inverse of `PackedValueWriter`: reads values and paths of one message, and adds new ones to the tables.
 */
export class PackedValueReader {
  constructor(
    readonly tables: PackedTables,
    readonly timestamp: number,
  ) {}

  changes(value: Json | undefined): JsonObject {
    const items = asArray(value)
    const changes: { [path: string]: Json } = {}
    for (let index = 0; index < items.length; index += 2) {
      const path = this.path(items[index])
      setOwnValue(changes, path, this.value(items[index + 1]))
    }
    return changes
  }

  paths(value: Json | undefined): readonly string[] {
    return asArray(value).map((item) => this.path(item))
  }

  path(value: Json | undefined): string {
    if (typeof value === 'string') {
      this.tables.paths.add(value, value)
      return value
    }
    const path = this.tables.paths.entry(asNumber(value))
    if (path === undefined) throw new PackedError(`path ${String(value)} is not in the table`)
    return path
  }

  value(value: Json | undefined): Json {
    if (value === undefined) throw new PackedError('a value is missing')
    if (!isArray(value)) return value
    const tag = value[0]
    if (tag === TAG.array) return value.slice(1).map((item) => this.value(item))
    if (tag === TAG.object) return this.#dictionary(value)
    if (tag === TAG.near) return this.timestamp + asNumber(value[1])
    return this.#shaped(this.#shape(tag), value)
  }

  #dictionary(items: readonly Json[]): Json {
    const object: { [key: string]: Json } = {}
    for (let index = 1; index < items.length; index += 2) {
      setOwnValue(object, asText(items[index]), this.value(items[index + 1]))
    }
    return object
  }

  #shaped(shape: Shape, items: readonly Json[]): Json {
    if (items.length !== shape.length + 1) throw new PackedError('an object does not fit its shape')
    const object: { [key: string]: Json } = {}
    for (const [index, key] of shape.entries()) setOwnValue(object, key, this.value(items[index + 1]))
    return object
  }

  #shape(tag: Json | undefined): Shape {
    if (tag !== undefined && isArray(tag)) {
      const shape = tag.map(asText)
      this.tables.shapes.add(shapeKey(shape), shape)
      return shape
    }
    const shape = this.tables.shapes.entry(asNumber(tag) - 1)
    if (shape === undefined) throw new PackedError(`shape ${String(tag)} is not in the table`)
    return shape
  }
}

export function asNumber(value: Json | undefined): number {
  if (typeof value !== 'number') throw new PackedError('a number is missing')
  return value
}

export function asText(value: Json | undefined): string {
  if (typeof value !== 'string') throw new PackedError('a text is missing')
  return value
}

export function asArray(value: Json | undefined): readonly Json[] {
  if (value === undefined || !isArray(value)) throw new PackedError('an array is missing')
  return value
}

export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
