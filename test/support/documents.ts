import type { Json, JsonObject } from '../../src/core/json.ts'
import { setOwnValue } from '../../src/core/json.ts'
import { EMPTY_PATCH, type Patch } from '../../src/core/patch.ts'
import { mergePatches } from '../../src/core/patch-builder.ts'
import { joinPath } from '../../src/core/path.ts'
import type { Seeded } from './seeded.ts'

/**
 * Few keys, so that paths often overlap; some look like paths, and some have a meaning on a prototype.
 */
const KEYS = ['a', 'b', 'c', 'x.y', 'x\\', '', 'ü😀', 'constructor', '__proto__', '1']

/** Keys that every decoder returns unchanged. */
export const PLAIN_KEYS = ['a', 'b', 'c', 'd', 'x.y', 'x\\', 'ü😀', '1']

export function randomJson(random: Seeded, depth: number, keys: readonly string[] = KEYS): Json {
  if (depth > 0 && random.oneIn(2)) return randomObject(random, depth, keys)
  switch (random.int(7)) {
    case 0:
      return null
    case 1:
      return random.oneIn(2)
    case 2:
      return random.int(1000) / 8
    case 3:
      return random.pick(['', 'text', 'ünï😀', '2^53'])
    case 4:
      return Array.from({ length: random.int(3) }, () => randomJson(random, 1, keys))
    default:
      return random.int(100) - 50
  }
}

export function randomObject(random: Seeded, depth: number, keys: readonly string[] = KEYS): JsonObject {
  const object: { [key: string]: Json } = {}
  for (let n = random.int(4); n > 0; n--)
    setOwnValue(object, random.pick(keys), randomJson(random, depth - 1, keys))
  return object
}

/** Returns a random patch; none of its paths lies below another. */
export function randomPatch(random: Seeded, keys: readonly string[] = KEYS): Patch {
  let patch = EMPTY_PATCH
  for (let n = 1 + random.int(4); n > 0; n--) {
    const path = joinPath(Array.from({ length: 1 + random.int(3) }, () => random.pick(keys)))
    const changes: { [path: string]: Json } = {}
    if (random.oneIn(3)) {
      patch = mergePatches(patch, { changes, removed: [path] })
    } else {
      setOwnValue(changes, path, randomJson(random, 2, keys))
      patch = mergePatches(patch, { changes, removed: [] })
    }
  }
  return patch
}
