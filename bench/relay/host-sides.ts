import { systemClock } from '../../src/core/clock.ts'
import { spawnServing } from '../../src/processes/spawn-serving.ts'
import { createHub } from '../../src/relay/hub.ts'
import { createCounter, type Side } from './side.ts'
import type { TakerSaid } from './taker.ts'

const TAKER = Bun.fileURLToPath(new URL('./taker.ts', import.meta.url))

/** Sends from the hub, as in a supervisor, to a relay in another process. */
export async function relayOfOneHost(): Promise<Side> {
  const hub = createHub({
    now: systemClock.now,
    failed: (error) => console.error(error),
    uplink: null,
    defer: setImmediate,
  })
  const child = startTaker('relay')
  const end = hub.attach((relay) => child.send(JSON.stringify({ type: 'relay', relay })))
  child.onSaid((said) => {
    if (said.type === 'relay') end.receive(said.relay)
  })
  const here = hub.join()
  let isThrough = false
  here.subscribe('through', () => {
    isThrough = true
  })
  while (!isThrough) {
    here.publish('t', 'probe')
    await Bun.sleep(5)
  }
  return {
    send(texts) {
      for (const text of texts)
        if (here.publish('t', text) !== 'sent') throw new Error('the relay did not take a text')
    },
    arrived: child.arrived,
    stop: child.stop,
  }
}

/** The control: sends the same bytes over the same kind of channel to a process that only counts them. */
export async function rawChannel(): Promise<Side> {
  const child = startTaker('raw')
  await child.listens
  const packed = new Map<number, string>()
  const pack = (texts: readonly string[]) => {
    const relay = { type: 'texts', texts: texts.map((text) => ['t', text]) }
    const message = `${texts.length} ${JSON.stringify({ type: 'relay', relay })}`
    packed.set(texts.length, message)
    return message
  }
  return {
    // All texts of a benchmark are the same, so those of the first turn are used for all others.
    send: (texts) => child.send(packed.get(texts.length) ?? pack(texts)),
    arrived: child.arrived,
    stop: child.stop,
  }
}

function startTaker(mode: 'relay' | 'raw') {
  const { channel, kill, exited } = spawnServing(TAKER, { TAKER_MODE: mode })
  const counter = createCounter()
  const listens = Promise.withResolvers<void>()
  let onSaid = (_: TakerSaid): void => {}
  channel.onText((text) => {
    const said: TakerSaid = JSON.parse(text)
    if (said.type === 'taken') counter.add(said.texts)
    else if (said.type === 'listening') listens.resolve()
    else onSaid(said)
  })
  return {
    send: channel.send,
    listens: listens.promise,
    arrived: (texts: number) => counter.arrived(texts),
    onSaid(take: (said: TakerSaid) => void) {
      onSaid = take
    },
    async stop() {
      kill('SIGKILL')
      await exited
    },
  }
}
