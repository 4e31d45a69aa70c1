import { expect, test } from 'bun:test'
import { printable } from '../../src/cli/terminal.ts'
import { jsonPrinter, textPrinter } from '../../src/cli/watch-lines.ts'
import { type StreamEventMessage, toWireEvent } from '../../src/protocol/stream-event.ts'

const EVENT: StreamEventMessage = {
  type: 'event',
  event: 'notification',
  channel: 'rewards.activity',
  epoch: 7,
  from: 1,
  seq: 2,
  timestamp: 0,
  data: { 'a\u001b]0;owned\u0007\nforged line': 'b\u009b2J' },
}

test('what a server sends cannot steer the terminal or forge lines', () => {
  const text = textPrinter.happened(EVENT)
  expect(text.split('\n')).toHaveLength(2)
  for (const line of [...text.split('\n'), jsonPrinter.happened(EVENT)]) expect(line).toBe(printable(line))
  expect(text).toContain('a\\u001b]0;owned\\u0007\\u000aforged line')
})

test('a line of JSON is the event as it travels', () => {
  expect(JSON.parse(jsonPrinter.happened(EVENT))).toEqual(toWireEvent(EVENT))
})
