import { expect, test } from 'bun:test'
import type { Cursor } from '../../src/client/api.ts'
import { documentChecksum } from '../../src/core/checksum.ts'
import { canonicalJson, type JsonObject } from '../../src/core/json.ts'
import { applyPatch, EMPTY_PATCH, type Patch } from '../../src/core/patch.ts'
import { mergePatches } from '../../src/core/patch-builder.ts'
import { randomPatch } from '../support/documents.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { delta, Harness, helloAt, snapshot, type TestSocket } from './harness.ts'

const ONLY = process.env.REPAIR_SEED
const SEEDS =
  ONLY === undefined
    ? Array.from({ length: Number(process.env.REPAIR_SEEDS ?? 60) }, (_, index) => index + 1)
    : [Number(ONLY)]

/**
 * D-1 to D-5, C-3, S-3, S-4, S-8, X-6: whatever is dropped, delayed, cut or lost by a fail-over, the client's
 * document is the server's once both have come to rest.
 */
test(
  'the client repairs whatever happens to its document',
  async () => {
    for (const seed of SEEDS) {
      const random = seeded(seed)
      const world = new World(random)
      await world.start()
      for (let step = 0; step < 150; step++) await world.step()
      await world.rest()
      const { handle, document, cursor } = world
      const found = { seed, value: canonicalJson(handle.value ?? {}), epoch: handle.epoch, seq: handle.seq }
      expect(found).toEqual({ seed, value: canonicalJson(document), epoch: cursor.epoch, seq: cursor.seq })
    }
  },
  10_000 + SEEDS.length * 100,
)

type Row = { readonly epoch: number; readonly seq: number; readonly patch: Patch; readonly after: JsonObject }

/** A server with one channel and one client, whose answers come late and whose updates may get lost. */
class World {
  readonly #random: Seeded
  readonly #h = new Harness()
  readonly handle = this.#h.client.subscribe('a')
  #rows: Row[] = [{ epoch: 1, seq: 1, patch: EMPTY_PATCH, after: {} }]
  #epoch = 1
  /** How far the present connection has been served; null before its first answer. */
  #served: number | null = null
  #answered = 0
  #beats = 0

  constructor(random: Seeded) {
    this.#random = random
  }

  get document(): JsonObject {
    return this.#last.after
  }

  get cursor(): Cursor {
    return { epoch: this.#epoch, seq: this.#last.seq }
  }

  async start(): Promise<void> {
    await this.#h.up()
  }

  async step(): Promise<void> {
    const random = this.#random
    switch (random.int(12)) {
      case 0:
        return this.#reconnect()
      case 1:
        if (random.oneIn(3)) await this.#failOver()
        return
      case 2:
        await this.#pass(random.int(3000))
        return
      case 3:
      case 4:
        return this.#answer()
      case 5:
      case 6:
      case 7:
        return this.#tick(random.oneIn(6))
      default:
        this.#write()
    }
  }

  /** Ends the faults: everything is answered and flushed. */
  async rest(): Promise<void> {
    this.#write()
    for (let round = 0; round < 5; round++) {
      await this.#pass(2000)
      await this.#answer()
      await this.#tick(false)
    }
  }

  /** Lets time pass, with an answer to every heartbeat. */
  async #pass(millis: number): Promise<void> {
    await this.#h.time.advance(millis)
    if (this.#socket.count('heartbeat') === this.#beats) return
    this.#beats += 1
    await this.#socket.say({ type: 'heartbeat', timestamp: this.#h.time.now() })
  }

  get #last(): Row {
    const row = this.#rows.at(-1)
    if (row === undefined) throw new Error('the journal is never empty')
    return row
  }

  get #socket(): TestSocket {
    return this.#h.socket
  }

  #write(): void {
    const patch = randomPatch(this.#random)
    const seq = this.#last.seq + 1 + this.#random.int(4)
    this.#rows.push({ epoch: this.#epoch, seq, patch, after: applyPatch(this.document, patch) })
  }

  async #tick(isLost: boolean): Promise<void> {
    const from = this.#served
    const last = this.#last
    if (from === null || from >= last.seq) return
    this.#served = last.seq
    if (isLost) return
    const sum = this.#random.oneIn(3) ? { checksum: documentChecksum(last.after) } : {}
    const wrong = this.#random.oneIn(25) ? { checksum: 1 } : {}
    const { changes, removed } = this.#since(from)
    await this.#socket.say(
      delta('update', 'a', [this.#epoch, from, last.seq], changes, { removed, ...sum, ...wrong }),
    )
  }

  /** Sends the answer to the oldest `subscribe` of this connection that has none. */
  async #answer(): Promise<void> {
    const questions = this.#socket.all('subscribe')
    const question = questions[this.#answered]
    if (question === undefined) return
    this.#answered += 1
    const last = this.#last
    this.#served = last.seq
    const cursor = question.cursors?.a
    const isKnown =
      cursor !== undefined && this.#rows.some((row) => row.epoch === cursor.epoch && row.seq === cursor.seq)
    if (cursor !== undefined && !isKnown)
      await this.#socket.say({ type: 'resync', channel: 'a', reason: 'unknown' })
    if (cursor !== undefined && isKnown && !this.#random.oneIn(4)) {
      const { changes, removed } = this.#since(cursor.seq)
      await this.#socket.say(delta('resumed', 'a', [this.#epoch, cursor.seq, last.seq], changes, { removed }))
    } else {
      await this.#socket.say(snapshot('a', this.#epoch, last.seq, last.after, documentChecksum(last.after)))
    }
    await this.#socket.say({ type: 'caught_up', channels: ['a'] })
  }

  #since(seq: number): Patch {
    return this.#rows
      .filter((row) => row.seq > seq)
      .reduce((merged, row) => mergePatches(merged, row.patch), EMPTY_PATCH)
  }

  async #reconnect(): Promise<void> {
    await this.#socket.close(3000)
    this.#served = null
    this.#answered = 0
    this.#beats = 0
    this.#h.client.retry()
    await this.#socket.say(helloAt(this.#h.time.now()))
  }

  /**
   * A new writer, that has not seen the newest rows; sequence numbers are given again with other contents.
   */
  async #failOver(): Promise<void> {
    this.#rows.splice(Math.max(1, this.#rows.length - this.#random.int(4)))
    this.#epoch += 1
    const { seq, after } = this.#last
    this.#rows.push({ epoch: this.#epoch, seq: seq + 1, patch: EMPTY_PATCH, after })
    await this.#reconnect()
  }
}
