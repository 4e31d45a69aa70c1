// The other process of one host. It receives texts by the relay or, as the control, over IPC, and reports
// their number.

import { systemClock } from '../../src/core/clock.ts'
import { parentChannel } from '../../src/processes/parent-channel.ts'
import { createLinkRelay } from '../../src/relay/link-relay.ts'
import type { RelayMessage } from '../../src/relay/windowed-stream.ts'

export type TakerSaid =
  | { readonly type: 'listening' }
  /** Number of texts since the last report. */
  | { readonly type: 'taken'; readonly texts: number }
  | { readonly type: 'relay'; readonly relay: RelayMessage }

const channel = parentChannel(process)
if (channel === null) throw new Error('this is started by bench/relay.ts')
const say = (said: TakerSaid): void => channel.send(JSON.stringify(said))
let taken = 0

function take(texts: number): void {
  if (taken === 0) setImmediate(tell)
  taken += texts
}

function tell(): void {
  say({ type: 'taken', texts: taken })
  taken = 0
}

if (process.env.TAKER_MODE === 'raw') channel.onText((text) => take(Number.parseInt(text, 10)))
else {
  const { relay, receive } = createLinkRelay({
    now: systemClock.now,
    failed: (error) => console.error(error),
    send: (message) => say({ type: 'relay', relay: message }),
    defer: setImmediate,
  })
  channel.onText((text) => {
    const message: { readonly relay: RelayMessage } = JSON.parse(text)
    receive(message.relay)
  })
  relay.subscribe('t', (text) => {
    if (text === 'probe') relay.publish('through', text)
    else take(1)
  })
}
channel.onEnd(() => process.exit(0))
say({ type: 'listening' })
