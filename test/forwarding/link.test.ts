import { afterEach, describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { fail, ok } from '../../src/core/result.ts'
import { createForwardingClient } from '../../src/forwarding/client.ts'
import { LINK_LOST } from '../../src/forwarding/command-router.ts'
import { readerOf } from '../../src/forwarding/messages.ts'
import { serveClient } from '../../src/forwarding/server.ts'
import type { Transport } from '../../src/forwarding/transport.ts'
import { connectWebSocket, serveWebSockets } from '../../src/forwarding/web-socket.ts'
import { recordingLogger } from '../support/journal.ts'
import { pipe } from '../support/pipe.ts'
import { until } from '../support/until.ts'

const HOST = '127.0.0.62'
const SIDE = {
  greeting: Type.Object({ name: Type.String() }),
  status: Type.Object({ level: Type.Integer() }),
  position: Type.Object({ at: Type.Integer() }),
  notice: Type.Object({ text: Type.String() }),
}
type Side = {
  greeting: { name: string }
  status: { level: number }
  position: { at: number }
  notice: { text: string }
}
const read = readerOf(SIDE)
const HEARTBEAT = { interval: 500, timeout: 1_500 }
const QUEUE = { limit: 100, limitUnits: 100_000, batch: 2, window: 2 }
const command = (n: number): Command => ({ kind: 'x.do', actor: { type: 'system' }, at: n, payload: n })
const done = (seq: number): CommandResult => ({ ok: true, value: null, epoch: 1, seq })

type Connection = { readonly client: Transport; readonly server: Transport }

const closes: (() => void)[] = []
afterEach(() => {
  for (const close of closes.splice(0).reverse()) close()
})

/** Ways to connect two ends. A pipe copies texts as the channel of two processes does. */
const TRANSPORTS: { readonly [name: string]: () => Promise<Connection> } = {
  async 'a pipe'() {
    const { near, far } = pipe()
    return { client: far, server: near }
  },
  async 'a WebSocket'() {
    const connected = Promise.withResolvers<Transport>()
    const port = serveWebSockets({
      host: HOST,
      port: 0,
      path: '/link',
      refusal: () => null,
      onConnect: connected.resolve,
    })
    closes.push(port.close)
    const client = connectWebSocket(`ws://${HOST}:${port.port}/link`)
    return { client, server: await connected.promise }
  },
}

/** Both ends of a link, what each of them was told, and the answers that the test gives. */
function link({ client: near, server: far }: Connection, refusal: string | null = null) {
  const log = { client: [] as string[], server: [] as string[] }
  const answers = new Map<number, (result: CommandResult | Error) => void>()
  const level = { now: 1 }
  let beat = () => {}
  const server = serveClient<Side, Side>({
    transport: far,
    read,
    bus: {
      submit({ at }) {
        log.server.push(`command ${at}`)
        return new Promise((resolve, reject) =>
          answers.set(at, (result) => (result instanceof Error ? reject(result) : resolve(result))),
        )
      },
    },
    accept({ name }) {
      if (refusal !== null) return fail(refusal)
      log.server.push(`hello of ${name}`)
      return ok({
        greeting: { name: 'server' },
        onStatus: ({ level }) => void log.server.push(`level ${level}`),
        onPosition: ({ at }) => void log.server.push(`position ${at}`),
        onNotice: ({ text }) => void log.server.push(`notice ${text}`),
        onEnd: (reason) => void log.server.push(`end: ${reason}`),
      })
    },
    heartbeat: HEARTBEAT,
    logger: recordingLogger(),
  })
  const client = createForwardingClient<Side, Side>({
    transport: near,
    read,
    greeting: { name: 'client' },
    status: () => ({ level: level.now }),
    mustKnow: (known, present) => known.level !== present.level,
    onGreeting: ({ name }) => void log.client.push(`hello of ${name}`),
    onStatus: ({ level }) => void log.client.push(`level ${level}`),
    onPosition: ({ at }) => void log.client.push(`position ${at}`),
    onNotice: ({ text }) => void log.client.push(`notice ${text}`),
    onEnd: (reason) => void log.client.push(`end: ${reason}`),
    lost: LINK_LOST,
    queue: QUEUE,
    heartbeat: HEARTBEAT,
    every(_interval, run) {
      beat = run
      return () => {
        beat = () => {}
      }
    },
  })
  const answer = (at: number, result: CommandResult | Error = done(at)) => answers.get(at)?.(result)
  const heard = (end: 'client' | 'server', what: string) =>
    until(() => log[end].some((each) => each.startsWith(what)), `the ${end} to hear "${what}"`)
  return { client, server, log, level, answer, heard, beat: () => beat() }
}

for (const [name, connect] of Object.entries(TRANSPORTS)) {
  describe(`a link over ${name}`, () => {
    test('carries a greeting, then status, positions and notices in order, both ways', async () => {
      const { client, server, log, heard } = link(await connect())
      await heard('client', 'hello of server')
      client.report()
      client.position({ at: 5 })
      client.notice({ text: 'a' })
      await heard('server', 'notice a')
      server.status({ level: 9 })
      server.position({ at: 7 })
      server.notice({ text: 'b' })
      await heard('client', 'notice b')
      expect(log.server).toEqual(['hello of client', 'level 1', 'position 5', 'notice a'])
      expect(log.client).toEqual(['hello of server', 'level 9', 'position 7', 'notice b'])
    })

    test('answers commands in the order in which they came, in batches within the window', async () => {
      const { client, log, heard, answer } = link(await connect())
      const results: number[] = []
      const all = [1, 2, 3, 4, 5].map(async (n) => {
        const result = await client.bus.submit(command(n))
        results.push(result.ok ? result.seq : -n)
      })
      await heard('server', 'command 4')
      // Two batches of two are under way, and the fifth command waits for the answer to the first.
      expect(log.server).not.toContain('command 5')
      for (const n of [4, 3, 2, 1]) answer(n)
      await heard('server', 'command 5')
      answer(5)
      await Promise.all(all)
      expect(results).toEqual([1, 2, 3, 4, 5])
    })

    test('answers a command that fails by a defect, and the others of its batch', async () => {
      const { client, heard, answer } = link(await connect())
      const results = [1, 2].map((n) => client.bus.submit(command(n)))
      await heard('server', 'command 2')
      answer(1, new Error('a defect'))
      answer(2)
      expect(await Promise.all(results)).toMatchObject([
        { ok: false, error: { code: 'InternalError' } },
        { ok: true, seq: 2 },
      ])
    })

    test('tells the server of a status that it must know before the next command', async () => {
      const { client, log, level, heard } = link(await connect())
      client.report()
      level.now = 2
      void client.bus.submit(command(1))
      await heard('server', 'command 1')
      expect(log.server).toEqual(['hello of client', 'level 1', 'level 2', 'command 1'])
    })

    test('is drained when the last answer has come, and takes no further command', async () => {
      const { client, heard, answer } = link(await connect())
      const result = client.bus.submit(command(1))
      await heard('server', 'command 1')
      let isDrained = false
      const drained = client.drain().then(() => {
        isDrained = true
      })
      expect(await client.bus.submit(command(2))).toMatchObject({ error: { code: 'ServiceUnavailable' } })
      expect(isDrained).toBe(false)
      answer(1)
      await drained
      expect(await result).toEqual(done(1))
    })

    test('that ends leaves every command unknown, those that come later too', async () => {
      const { client, server, log, heard } = link(await connect())
      const first = client.bus.submit(command(1))
      await heard('server', 'command 1')
      server.close({ code: 1000, text: 'enough' })
      expect(await first).toBe(LINK_LOST)
      expect(await client.bus.submit(command(2))).toBe(LINK_LOST)
      expect(log.server.at(-1)).toBe('end: enough')
      expect(log.client.filter((each) => each.startsWith('end'))).toHaveLength(1)
    })

    test('does not come up when the server refuses the client', async () => {
      const { client, log, heard } = link(await connect(), 'not today')
      const result = client.bus.submit(command(1))
      await heard('client', 'end')
      expect(await result).toBe(LINK_LOST)
      expect(log.server).toEqual([])
    })

    test('ends when the client is silent for three heartbeats of the server, and not before', async () => {
      const { client, server, log, heard } = link(await connect())
      await heard('client', 'hello')
      expect(server.beat()).toBe(true)
      expect(server.beat()).toBe(true)
      client.notice({ text: 'here' })
      await heard('server', 'notice here')
      expect(server.beat()).toBe(true)
      expect(server.beat()).toBe(true)
      expect(server.beat()).toBe(false)
      expect(log.server.at(-1)).toBe('end: it is silent')
      await heard('client', 'end')
    })

    test('ends when the server is silent for three heartbeats of the client', async () => {
      const { client, log, heard, beat } = link(await connect())
      await heard('client', 'hello')
      client.report()
      beat()
      beat()
      const reports = () => log.server.filter((each) => each === 'level 1').length
      await until(() => reports() === 3, 'a report, and one with each heartbeat')
      beat()
      expect(log.client.at(-1)).toBe('end: it is silent')
      expect(await client.bus.submit(command(1))).toBe(LINK_LOST)
      await heard('server', 'end')
      expect(reports()).toBe(3)
    })

    test('ends with a message that is none, on either end', async () => {
      const first = await connect()
      const atServer = link(first)
      await atServer.heard('client', 'hello')
      first.client.send('{"type":"riddle"}')
      await atServer.heard('client', 'end')
      expect(atServer.log.server.at(-1)).toBe('end: it sent a message that this version does not know')
      const second = await connect()
      const atClient = link(second)
      await atClient.heard('client', 'hello')
      second.server.send('not even JSON')
      await atClient.heard('client', 'end: it sent a message that this version does not know')
    })
  })
}
