import { documentChecksum, updateChecksum } from '../core/checksum.ts'
import type { Millis } from '../core/clock.ts'
import type { JsonObject } from '../core/json.ts'
import { applyPatch, type Patch } from '../core/patch.ts'
import type { ResumedMessage } from '../protocol/server/resumed.ts'
import type { SnapshotMessage } from '../protocol/server/snapshot.ts'
import type { UpdateMessage } from '../protocol/server/update.ts'
import type { StreamEventMessage } from '../protocol/stream-event.ts'
import type { Change, Cursor } from './api.ts'

/** The effect of a message on a replica. */
export type Outcome =
  | { readonly type: 'changed'; readonly change: Change }
  /** The next event of a stream. */
  | { readonly type: 'event' }
  /** Known already, or not to be used before the answer to a `subscribe` has come. */
  | { readonly type: 'ignored' }
  /**
   * Something between the position and this message is missing: subscribe again, with a cursor (rule D-3).
   */
  | { readonly type: 'gap' }
  /** The document differs from the server's: subscribe again, without a cursor (rule C-3). */
  | { readonly type: 'corrupt' }

/** One channel as this client knows it: its position, and for a state channel the document there. Pure. */
export class Replica {
  position: Cursor | null
  value: JsonObject | null = null
  updatedAt: Millis | null = null
  /** As the last snapshot said. */
  isEphemeral = false
  #checksum: number | null = null

  constructor(position: Cursor | null = null) {
    this.position = position
  }

  /**
   * Gives the position up, so that only a snapshot or an event can follow. The last value can still be read.
   */
  forget(): void {
    this.position = null
    this.#checksum = null
  }

  /** A snapshot replaces whatever was here before (rule D-1). */
  snapshot(message: SnapshotMessage): Outcome {
    this.position = { epoch: message.epoch, seq: message.seq }
    this.value = message.data
    this.updatedAt = message.timestamp
    this.isEphemeral = message.ephemeral === true
    this.#checksum = message.checksum === undefined ? null : documentChecksum(message.data)
    if (this.#checksum !== null && this.#checksum !== message.checksum) return { type: 'corrupt' }
    return { type: 'changed', change: { type: 'snapshot' } }
  }

  /**
   * A delta applies if it begins at or before the position and ends after it (rules D-2 to D-4). `resumed`
   * may lead from one epoch into the next, as the server has checked the position; `update` may not.
   */
  delta(message: UpdateMessage | ResumedMessage): Outcome {
    const { position } = this
    if (position === null) return { type: 'ignored' }
    const isOtherEpoch = message.epoch !== position.epoch
    if (isOtherEpoch && message.type === 'update') return { type: 'gap' }
    if (message.from > position.seq) return { type: 'gap' }
    if (message.seq <= position.seq && !isOtherEpoch) {
      // A resume without changes still says that the document is up to date.
      if (message.type === 'resumed' && message.seq === position.seq) this.updatedAt = message.timestamp
      return { type: 'ignored' }
    }
    if (message.seq < position.seq) return { type: 'gap' }
    return this.#apply(message)
  }

  /** An event is the next one if it follows the one before it (rule D-7). */
  event(message: StreamEventMessage, isAnswer: boolean): Outcome {
    const { position } = this
    if (position !== null) {
      if (message.epoch !== position.epoch && !isAnswer) return { type: 'gap' }
      if (message.seq <= position.seq) return { type: 'ignored' }
      if (message.from > position.seq) return { type: 'gap' }
    }
    this.position = { epoch: message.epoch, seq: message.seq }
    this.updatedAt = message.timestamp
    return { type: 'event' }
  }

  #apply(message: UpdateMessage | ResumedMessage): Outcome {
    const patch: Patch = { changes: message.changes, removed: message.removed ?? [] }
    const before = this.value ?? {}
    const after = applyPatch(before, patch)
    this.value = after
    this.position = { epoch: message.epoch, seq: message.seq }
    this.updatedAt = message.timestamp
    if (this.#checksum !== null) this.#checksum = updateChecksum(this.#checksum, before, after)
    if (message.checksum !== undefined) {
      this.#checksum ??= documentChecksum(after)
      if (this.#checksum !== message.checksum) return { type: 'corrupt' }
    }
    return { type: 'changed', change: { type: 'update', patch } }
  }
}
