/**
 * SHA-512 (FIPS 180-4). Browsers offer their own only on secure pages, and a dashboard on a home network is often opened over
 * plain http: signing must work there too. Fast enough for a login, not made for files.
 */
export function sha512(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = [...INITIAL]
  const padded = pad(message)
  const view = new DataView(padded.buffer)
  const schedule = new BigUint64Array(80)
  for (let block = 0; block < padded.length; block += 128) compress(state, schedule, view, block)
  const digest = new DataView(new ArrayBuffer(64))
  for (const [index, word] of state.entries()) digest.setBigUint64(index * 8, word)
  return new Uint8Array(digest.buffer)
}

/** The message, a one bit, zeros, and its length in bits as 128 bits, to whole blocks of 128 bytes. */
function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128)
  padded.set(message)
  padded[message.length] = 0x80
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(message.length) * 8n)
  return padded
}

function compress(state: bigint[], schedule: BigUint64Array, view: DataView, block: number): void {
  const w = (index: number) => schedule[index] ?? 0n
  for (let t = 0; t < 16; t++) schedule[t] = view.getBigUint64(block + t * 8)
  for (let t = 16; t < 80; t++) {
    const s0 = rotate(w(t - 15), 1n) ^ rotate(w(t - 15), 8n) ^ (w(t - 15) >> 7n)
    const s1 = rotate(w(t - 2), 19n) ^ rotate(w(t - 2), 61n) ^ (w(t - 2) >> 6n)
    schedule[t] = w(t - 16) + s0 + w(t - 7) + s1
  }
  let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = state
  for (let t = 0; t < 80; t++) {
    const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n)
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + (ROUND[t] ?? 0n) + w(t)
    const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + t1) & MASK
    d = c
    c = b
    b = a
    a = (t1 + t2) & MASK
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries())
    state[index] = ((state[index] ?? 0n) + word) & MASK
}

function rotate(word: bigint, by: bigint): bigint {
  return ((word >> by) | (word << (64n - by))) & MASK
}

const MASK = 0xffff_ffff_ffff_ffffn

/** The first 64 bits of the fractions of the square roots (initial state) and cube roots (rounds) of the first primes. */
const PRIMES = firstPrimes(80)
const INITIAL: readonly bigint[] = PRIMES.slice(0, 8).map((prime) => root(prime << 128n, 2n) & MASK)
const ROUND: readonly bigint[] = PRIMES.map((prime) => root(prime << 192n, 3n) & MASK)

function firstPrimes(count: number): readonly bigint[] {
  const primes: bigint[] = []
  for (let candidate = 2n; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate)
  }
  return primes
}

/** The largest integer whose `degree`-th power is at most `value`, by Newton's method from above. */
function root(value: bigint, degree: bigint): bigint {
  let guess = 1n << (BigInt(value.toString(2).length) / degree + 1n)
  for (;;) {
    const next = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree
    if (next >= guess) return guess
    guess = next
  }
}
