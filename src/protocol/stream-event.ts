import type { WireEvent } from './server/event.ts'

/**
 * An event of a stream channel, with its name beside a `type` of its own, so that messages stay a
 * discriminated union.
 */
export type StreamEventMessage = Omit<WireEvent, 'type'> & { readonly type: 'event'; readonly event: string }

/** Returns the event as it travels. */
export function toWireEvent({ type: _, event, ...fields }: StreamEventMessage): WireEvent {
  return { type: event, ...fields }
}

/** The inverse of {@link toWireEvent}; fields that are not an event's are left out. */
export function fromWireEvent(message: WireEvent): StreamEventMessage {
  const { type, channel, workspace, epoch, from, seq, timestamp, data } = message
  const of = workspace === undefined ? { channel } : { channel, workspace }
  return { type: 'event', event: type, ...of, epoch, from, seq, timestamp, data }
}
