import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** The record that a primary keeps at Consul beside the lease: it names the node that may acknowledge. */
export type FenceRecord = {
  /** Consul's ModifyIndex of it. */
  readonly index: number
  /** Unique for each record. */
  readonly id: string
  /** The node that wrote it; null when the record cannot be read. */
  readonly node: string | null
  /** Whether its node has declared that it acknowledges nothing by it any more. */
  readonly over: boolean
}

/**
 * Returns a record as Consul keeps it. It must differ from the one before: writing an equal value is no
 * change to Consul.
 */
export function writtenRecord({ id, node, over }: Omit<FenceRecord, 'index'>): string {
  return JSON.stringify({ node, over, id })
}

/** Returns the record of a text. One that cannot be read is taken for that of another node, and not over. */
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
