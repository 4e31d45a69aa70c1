import { type Json, setOwnValue } from '../../src/core/json.ts'
import type { Seeded } from './seeded.ts'

/** Keys and texts that an encoder, an object or a library may take for something else. */
export const TEXTS = [
  '',
  'a',
  'type',
  '__proto__',
  'constructor',
  'toJSON',
  'hasOwnProperty',
  'length',
  '7',
  'ünï😀',
  '\ud800',
  'x\udc00y',
  '\uffff\ud7ff\ue000',
  'i'.repeat(31),
  'ä'.repeat(31),
  'j'.repeat(63),
  'k'.repeat(64),
  'ö'.repeat(200),
  'l'.repeat(255),
  'm'.repeat(256),
  'ß'.repeat(40_000),
  'n'.repeat(65_536),
]

/**
 * Returns any JSON value, with the numbers, texts and lengths at which writers and readers change their
 * ways.
 */
export function randomValue(random: Seeded, depth: number): Json {
  switch (random.int(depth > 0 ? 9 : 7)) {
    case 0:
      return random.pick([null, true, false, 0, -0, -1])
    case 1:
      return random.int(0xffff_ffff) - random.int(0xffff_ffff)
    case 2:
      return (random.oneIn(2) ? 1 : -1) * random.int(2 ** random.int(22)) * random.int(0xffff_ffff)
    case 3:
      // No float 32 holds a third.
      return (random.int(1000) + 1 / 3) * 10 ** (random.int(80) - 40)
    case 4:
      return 2 ** (random.int(970) + 54) * 1.2
    case 5:
      return random.pick(TEXTS)
    case 6:
      return String.fromCharCode(...Array.from({ length: random.int(80) }, () => random.int(0x1_0000)))
    case 7:
      return Array.from({ length: random.pick([0, 1, 3, 15, 16, 40]) }, () => randomValue(random, depth - 2))
    default:
      return randomObject(random, depth)
  }
}

function randomObject(random: Seeded, depth: number): Json {
  const object: { [key: string]: Json } = {}
  for (let n = random.pick([0, 1, 3, 15, 16, 40]); n > 0; n--) {
    const key = random.oneIn(2) ? random.pick(TEXTS) : `k${random.int(100)}`
    setOwnValue(object, key, randomValue(random, depth - 2))
  }
  return object
}
