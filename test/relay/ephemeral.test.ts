import { expect, test } from 'bun:test'
import { systemTimers } from '../../src/app/ticker.ts'
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import { DEFAULT_LIMITS } from '../../src/live/limits.ts'
import type { LiveRelay } from '../../src/live/ports.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { EphemeralBoard, priceKey, WORKSPACE } from '../oracle/ephemeral-truth.ts'
import { startEngine } from '../oracle/start-engine.ts'
import { Socket, Wire } from '../oracle/wire.ts'
import { World } from '../oracle/world.ts'
import { hubOfOneHost, processAtHub } from '../support/relay-ends.ts'
import { until } from '../support/until.ts'

/** An engine as a serving process has one, over the end of a real relay. */
function processAt(relay: LiveRelay) {
  const world = new World()
  world.openEpoch(1, systemClock.now())
  const board = new EphemeralBoard()
  const engine = startEngine(world, new Wire(() => world.truth), systemClock, systemTimers, {
    limits: DEFAULT_LIMITS,
    relay,
    sources: board.sources,
    random: systemRandom,
    defect(cause) {
      throw cause
    },
  })
  return { board, engine }
}

test('E-3, E-5: a value reaches the readers of other processes of the host by way of its supervisor', async () => {
  const hub = hubOfOneHost()
  const [one, other] = [await processAtHub(hub, undefined, 1), await processAtHub(hub, undefined, 2)]
  const [publisher, reader] = [processAt(one.relay), processAt(other.relay)]
  const publish = (n: number) => {
    publisher.board.values.set('price:a', { n })
    const published = publisher.engine.publish(priceKey('price:a'), { changes: { n }, removed: [] })
    if (!published.ok) throw new Error(published.error.message)
    return published.value
  }
  const first = publish(1)
  const socket = new Socket()
  const session = reader.engine.open(socket, {
    format: 'json',
    clientType: 'tui',
    origin: 'http://test',
    address: '127.0.0.1',
    operator: false,
    workspace: WORKSPACE,
    preset: [],
  })
  reader.engine.receive(session, encodeClientMessage({ type: 'subscribe', channels: ['price:a'] }, 'json'))
  await until(() => heard(socket).some(({ type }) => type === 'snapshot'), 'the first value')
  const second = publish(2)
  await until(() => heard(socket).some(({ type }) => type === 'update'), 'an update')
  expect(heard(socket)).toMatchObject([
    { type: 'hello' },
    { type: 'stale', channel: 'price:a' },
    { type: 'caught_up' },
    { type: 'snapshot', ...first, data: { n: 1 } },
    { type: 'update', from: first.seq, ...second, changes: { n: 2 } },
  ])
})

function heard(socket: Socket): readonly ServerMessage[] {
  return socket.items.flatMap((item) => {
    const decoded = item.type === 'frame' ? decodeServerFrame(item.frame) : null
    return decoded?.ok && decoded.value !== null ? [decoded.value] : []
  })
}
