import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** What a primary keeps at Consul beside the lease: the last word of whoever may acknowledge. */
export type FenceRecord = {
  /** Consul's ModifyIndex of it. */
  readonly index: number
  /** Of each record another. */
  readonly id: string
  /** Whose it is; null when it says nothing that can be read. */
  readonly node: string | null
  /** Whether its node has said that it acknowledges nothing by it any more. */
  readonly over: boolean
}

/**
 * The record as Consul keeps it. It must differ from the one before: Consul takes a value that is there
 * already for no change.
 */
export function writtenRecord({ id, node, over }: Omit<FenceRecord, 'index'>): string {
  return JSON.stringify({ node, over, id })
}

/** What was found at that index. What nobody can read is somebody's, and not over. */
export function readRecord(text: string, index: number): FenceRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  return Value.Check(Written, value) ? { ...value, index } : { index, id: text, node: null, over: false }
}

const Written = Type.Object({ node: Type.String(), over: Type.Boolean(), id: Type.String() })
