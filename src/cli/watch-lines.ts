import type { Change, ChannelHandle } from '../client/api.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { escapeSegment } from '../core/path.ts'
import { type StreamEventMessage, toWireEvent } from '../protocol/stream-event.ts'
import { printable } from './terminal.ts'

/** How a channel is printed: each message as lines for people, or as one line of JSON for programs. */
export type Printer = {
  changed(channel: ChannelHandle, value: JsonObject, change: Change): string
  happened(event: StreamEventMessage): string
}

/**
 * For people: a headline with time and position, then `path = value` for each leaf and `path removed` for
 * what is gone.
 */
export const textPrinter: Printer = {
  changed({ channel, epoch, seq, updatedAt }, value, change) {
    const head = `${clockTime(updatedAt)} ${channel} ${change.type} seq ${seq} epoch ${epoch}`
    switch (change.type) {
      case 'snapshot':
        return lines(head, leaves(value, ''))
      case 'update': {
        const set = Object.entries(change.patch.changes).flatMap(([path, changed]) => leaves(changed, path))
        return lines(head, [...set, ...change.patch.removed.map((path) => `${path} removed`)])
      }
    }
  },
  happened({ channel, event, timestamp, seq, epoch, data }) {
    return lines(`${clockTime(timestamp)} ${channel} ${event} seq ${seq} epoch ${epoch}`, leaves(data, ''))
  },
}

/** For programs: one object a line, named as on the wire. */
export const jsonPrinter: Printer = {
  changed({ channel, workspace, epoch, seq, updatedAt }, value, change) {
    const head = {
      type: change.type,
      channel,
      ...workspaceField(workspace),
      epoch,
      seq,
      timestamp: updatedAt,
    }
    switch (change.type) {
      case 'snapshot':
        return printable(JSON.stringify({ ...head, data: value }))
      case 'update':
        return printable(
          JSON.stringify({ ...head, changes: change.patch.changes, removed: change.patch.removed }),
        )
    }
  },
  happened: (event) => printable(JSON.stringify(toWireEvent(event))),
}

/** As on the wire, where the workspace `main` is not named. */
function workspaceField(workspace: string): { readonly workspace?: string } {
  return workspace === DEFAULT_WORKSPACE ? {} : { workspace }
}

/** A value's leaves, each with its path below `path`; an empty object is a leaf too. */
function leaves(value: Json, path: string): readonly string[] {
  if (!isJsonObject(value) || Object.keys(value).length === 0) {
    return [`${path === '' ? '' : `${path} = `}${JSON.stringify(value)}`]
  }
  const below = (key: string) => (path === '' ? escapeSegment(key) : `${path}.${escapeSegment(key)}`)
  return Object.entries(value).flatMap(([key, child]) => leaves(child, below(key)))
}

function lines(head: string, rest: readonly string[]): string {
  return [head, ...rest.map((line) => `  ${line}`)].map(printable).join('\n')
}

function clockTime(millis: number | null): string {
  return new Date(millis ?? 0).toISOString()
}
