import { hash } from 'node:crypto'
import type { NetworkReport } from './types.ts'

/**
 * What tells a report that is sent again: 48 bits of SHA-256 over its id and content, as 8 characters. A
 * retry is the same message, unchanged. The content counts too because clients that only want to know
 * answers apart number their messages from 1 on every connection: such an id alone does not make two reports
 * one.
 */
export function reportMark(id: string, networks: readonly NetworkReport[]): string {
  return hash('sha256', `${id}\n${JSON.stringify(networks)}`, 'base64url').slice(0, 8)
}

/** The marks with a new one behind them; at most `most`, the oldest go. */
export function withMark(marks: readonly string[], mark: string, most: number): readonly string[] {
  return [...marks, mark].slice(-most)
}
