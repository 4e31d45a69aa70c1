import { afterEach, describe, expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { LINK_LOST } from '../../src/forwarding/command-router.ts'
import {
  type ClusterStatus,
  NODE_PATH,
  NODE_PROTOCOL,
  type NodeReport,
} from '../../src/replication/node-messages.ts'
import { linkToPrimary, type PrimaryLink } from '../../src/replication/primary-link.ts'
import { createPrimaryServer, type PrimaryServer } from '../../src/replication/primary-server.ts'
import { every } from '../support/every.ts'
import { recordingLogger } from '../support/journal.ts'

const HOST = '127.0.0.63'
const HERE = { txid: '1'.padStart(16, '0'), checksum: 'aa' }
const STATUS: ClusterStatus = { nodes: [], position: HERE, leaseAge: 3 }
const command = (n: number): Command => ({ kind: 'x.do', actor: { type: 'system' }, at: n, payload: n })
const done = (seq: number): CommandResult => ({ ok: true, value: null, epoch: 1, seq })

const open: { close(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close()
})

/** Hears what happens, and lets tests wait for it. */
function happenings() {
  const log: string[] = []
  let changed = Promise.withResolvers<void>()
  return {
    log,
    note(what: string) {
      log.push(what)
      changed.resolve()
      changed = Promise.withResolvers()
    },
    async until(what: string) {
      while (!log.includes(what)) await changed.promise
    },
  }
}

function openServer(options: { readonly cluster?: string | null } = {}) {
  const heard = happenings()
  const answers = new Map<number, (result: CommandResult | Error) => void>()
  const server: PrimaryServer = createPrimaryServer({
    host: HOST,
    port: 0,
    cluster: () => (options.cluster === undefined ? 'c1' : options.cluster),
    bus: {
      submit({ at }) {
        heard.note(`command ${at}`)
        return new Promise((resolve, reject) =>
          answers.set(at, (result) => (result instanceof Error ? reject(result) : resolve(result))),
        )
      },
    },
    position: () => HERE,
    onReport: (node, { seq, instances }) => heard.note(`${node} reports ${seq} ${instances}`),
    onPosition: (node, { txid }) => heard.note(`${node} is at ${txid}`),
    onGone: (node) => heard.note(`${node} is gone`),
    logger: recordingLogger(),
  })
  open.push(server)
  const answer = (at: number, result: CommandResult | Error = done(at)) => answers.get(at)?.(result)
  return { server, heard, answer }
}

function link(server: PrimaryServer, node = 'b', cluster = 'c1') {
  const heard = happenings()
  const report: NodeReport = {
    region: '',
    candidate: true,
    position: null,
    seq: 7,
    connections: 0,
    lag: 0,
    instances: ['r1'],
  }
  const instances = { now: ['r1'] }
  const made: PrimaryLink = linkToPrimary({
    address: `${HOST}:${server.port}`,
    node,
    cluster,
    report: () => ({ ...report, instances: instances.now }),
    onWelcome: (position) => heard.note(`welcome at ${position?.txid}`),
    onStatus: ({ leaseAge }) => heard.note(`status ${leaseAge}`),
    onPromote: () => heard.note('promote'),
    onMoved: (to) => heard.note(`moved to ${to}`),
    onEnd: (reason) => heard.note(`end: ${reason}`),
    every,
  })
  open.push(made)
  return { link: made, heard, instances }
}

/** The link of a replica that was welcomed. */
async function linked(server: PrimaryServer, node = 'b') {
  const made = link(server, node)
  await made.heard.until(`welcome at ${HERE.txid}`)
  return made
}

const ended = async ({ heard }: ReturnType<typeof link>): Promise<string> => {
  for (;;) {
    const end = heard.log.find((each) => each.startsWith('end: '))
    if (end !== undefined) return end
    await Bun.sleep(1)
  }
}

describe('a replica', () => {
  test('is welcomed, reports, and gets the status of the cluster', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    const replica = await linked(server)
    await heard.until('b reports 7 r1')
    replica.link.position(HERE)
    await heard.until(`b is at ${HERE.txid}`)
    server.beat(STATUS)
    await replica.heard.until('status 3')
    expect(server.promote('b')).toBe(true)
    await replica.heard.until('promote')
    expect(server.promote('nobody')).toBe(false)
    replica.link.close()
    await heard.until('b is gone')
    expect(server.promote('b')).toBe(false)
  })

  test('is sent away while that does not lead, knows no cluster, or has another', async () => {
    const { server } = openServer()
    expect(await ended(link(server))).toMatch(/^end: /)
    server.startAccepting()
    expect(await ended(link(server, 'b', 'c2'))).toBe('end: it is of another cluster')
    const unborn = openServer({ cluster: null })
    unborn.server.startAccepting()
    expect(await ended(link(unborn.server))).toBe('end: it is of another cluster')
  })

  test('that comes back before its old connection was seen to end is not gone', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    const first = await linked(server)
    await linked(server)
    expect(await ended(first)).toBe('end: replaced')
    expect(heard.log.filter((each) => each.includes('gone'))).toEqual([])
    expect(server.promote('b')).toBe(true)
  })

  test('hears who leads from now on, and its link ends', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    const replica = await linked(server)
    server.stopAccepting('c')
    await replica.heard.until('moved to c')
    expect(await ended(replica)).toBe('end: the primary handed over')
    await heard.until('b is gone')
    expect(await ended(link(server))).toMatch(/^end: /)
  })
})

describe('commands over a link', () => {
  test('are answered in the order in which they came, whatever is decided first', async () => {
    const { server, heard, answer } = openServer()
    server.startAccepting()
    const { link: made } = await linked(server)
    const results: number[] = []
    const submit = (n: number) =>
      made.bus.submit(command(n)).then((result) => results.push(result.ok ? result.seq : -1))
    const first = submit(1)
    await heard.until('command 1')
    const second = submit(2)
    await heard.until('command 2')
    answer(2)
    answer(1)
    await Promise.all([first, second])
    expect(results).toEqual([1, 2])
  })

  test('one that fails by a defect is answered so, and holds up no other', async () => {
    const { server, heard, answer } = openServer()
    server.startAccepting()
    const { link: made } = await linked(server)
    const results = [1, 2].map((n) => made.bus.submit(command(n)))
    await heard.until('command 2')
    answer(1, new Error('a defect'))
    answer(2)
    expect(await Promise.all(results)).toMatchObject([
      { ok: false, error: { code: 'InternalError' } },
      { ok: true, seq: 2 },
    ])
  })

  test('are all lost with it, those that come later too', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    const { link: made } = await linked(server)
    const results = [made.bus.submit(command(1))]
    await heard.until('command 1')
    results.push(made.bus.submit(command(2)))
    server.close()
    results.push(...(await Promise.all(results)).map(() => made.bus.submit(command(3))))
    for (const result of await Promise.all(results)) expect(result).toBe(LINK_LOST)
  })

  test('of a new instance come after a report of it: the primary would sweep what they did', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    const { link: made, instances } = await linked(server)
    await heard.until('b reports 7 r1')
    instances.now = ['r1', 'r2']
    void made.bus.submit(command(1))
    await heard.until('command 1')
    expect(heard.log).toContain('b reports 7 r1,r2')
    expect(heard.log.indexOf('b reports 7 r1,r2')).toBeLessThan(heard.log.indexOf('command 1'))
  })
})

describe('who speaks otherwise', () => {
  async function socket(server: PrimaryServer) {
    const made = new WebSocket(`ws://${HOST}:${server.port}${NODE_PATH}`)
    open.push(made)
    const closed = new Promise<string>((resolve) => {
      made.onclose = ({ code, reason }) => resolve(`${code} ${reason}`)
    })
    await new Promise((resolve) => {
      made.onopen = resolve
    })
    return { made, closed, say: (message: object | string) => made.send(JSON.stringify(message)) }
  }
  const hello = { protocol: NODE_PROTOCOL, cluster: 'c1', node: 'x' }
  const greeting = (changes: Partial<typeof hello> = {}) => ({
    type: 'greeting',
    greeting: { ...hello, ...changes },
  })

  test('is sent away: without a name, with another version, with what is no message', async () => {
    const { server, heard } = openServer()
    server.startAccepting()
    for (const [message, reason] of [
      [{ type: 'commands', commands: [command(1)] }, '1008 a greeting comes first'],
      [greeting({ protocol: NODE_PROTOCOL + 1 }), '1008 it speaks version'],
      [{ type: 'answers', results: [] }, '1008 a greeting comes first'],
      [{ type: 'hello', node: 'x' }, '1002 '],
      [greeting({ cluster: '' }), '1002 '],
      ['not even an object', '1002 '],
    ] as const) {
      const { say, closed } = await socket(server)
      say(message)
      expect(await closed).toStartWith(reason)
    }
    expect(heard.log).toEqual([])
  })

  test('is sent away with what only a primary may send', async () => {
    const { server } = openServer()
    server.startAccepting()
    const { say, closed } = await socket(server)
    say(greeting())
    say({ type: 'answers', results: [] })
    expect(await closed).toStartWith('1002 ')
  })

  test('nobody takes a second name', async () => {
    const { server } = openServer()
    server.startAccepting()
    const { say, closed } = await socket(server)
    say(greeting())
    say(greeting({ node: 'y' }))
    expect(await closed).toBe('1008 a greeting comes once')
    expect(server.promote('x')).toBe(false)
    expect(server.promote('y')).toBe(false)
  })

  test('who came in time and says its name too late is not welcomed by a node that leads no more', async () => {
    const { server } = openServer()
    server.startAccepting()
    const { say, closed } = await socket(server)
    server.stopAccepting(null)
    say(greeting())
    expect(await closed).toBe('1008 this node is not the primary')
  })

  test('whatever is not for nodes gets a sentence', async () => {
    const { server } = openServer()
    const status = async (path: string) => (await fetch(`http://${HOST}:${server.port}${path}`)).status
    expect(await status('/')).toBe(404)
    expect(await status(NODE_PATH)).toBe(503)
    server.startAccepting()
    expect(await status(NODE_PATH)).toBe(426)
  })
})
