import { afterEach, describe, expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { LINK_LOST } from '../../src/forwarding/command-router.ts'
import { type NodeDoor, openNodeDoor } from '../../src/forwarding/node-door.ts'
import { linkToPrimary, type NodeLink, type PrimaryNews } from '../../src/forwarding/node-link.ts'
import { NODE_PATH, NODE_PROTOCOL, type NodeReport } from '../../src/forwarding/node-protocol.ts'
import { recordingLogger } from '../support/journal.ts'

const HOST = '127.0.0.63'
const HERE = { txid: '1'.padStart(16, '0'), checksum: 'aa' }
const NEWS: PrimaryNews = { nodes: [], position: HERE, leaseAge: 3 }
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

function openDoor(options: { readonly cluster?: string | null } = {}) {
  const heard = happenings()
  const answers = new Map<number, (result: CommandResult | Error) => void>()
  const door: NodeDoor = openNodeDoor({
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
    onReport: (node, { seq, runs }) => heard.note(`${node} reports ${seq} ${runs}`),
    onApplied: (node, { txid }) => heard.note(`${node} is at ${txid}`),
    onGone: (node) => heard.note(`${node} is gone`),
    logger: recordingLogger(),
  })
  open.push(door)
  const answer = (at: number, result: CommandResult | Error = done(at)) => answers.get(at)?.(result)
  return { door, heard, answer }
}

function link(door: NodeDoor, node = 'b', cluster = 'c1') {
  const heard = happenings()
  const report: NodeReport = {
    region: '',
    candidate: true,
    position: null,
    seq: 7,
    connections: 0,
    lag: 0,
    runs: ['r1'],
  }
  const runs = { now: ['r1'] }
  const made: NodeLink = linkToPrimary({
    address: `${HOST}:${door.port}`,
    node,
    cluster,
    report: () => ({ ...report, runs: runs.now }),
    onWelcome: (position) => heard.note(`welcome at ${position?.txid}`),
    onNews: ({ leaseAge }) => heard.note(`news ${leaseAge}`),
    onPromote: () => heard.note('promote'),
    onMoved: (to) => heard.note(`moved to ${to}`),
    onEnd: (reason) => heard.note(`end: ${reason}`),
  })
  open.push(made)
  return { link: made, heard, runs }
}

/** The link of a replica that was welcomed. */
async function linked(door: NodeDoor, node = 'b') {
  const made = link(door, node)
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

describe('a replica at the primary’s door', () => {
  test('is welcomed, reports, and hears the news', async () => {
    const { door, heard } = openDoor()
    door.open()
    const replica = await linked(door)
    await heard.until('b reports 7 r1')
    replica.link.applied(HERE)
    await heard.until(`b is at ${HERE.txid}`)
    door.beat(NEWS)
    await replica.heard.until('news 3')
    expect(door.promote('b')).toBe(true)
    await replica.heard.until('promote')
    expect(door.promote('nobody')).toBe(false)
    replica.link.close()
    await heard.until('b is gone')
    expect(door.promote('b')).toBe(false)
  })

  test('is sent away while that does not lead, knows no cluster, or has another', async () => {
    const { door } = openDoor()
    expect(await ended(link(door))).toMatch(/^end: /)
    door.open()
    expect(await ended(link(door, 'b', 'c2'))).toBe('end: it is of another cluster')
    const unborn = openDoor({ cluster: null })
    unborn.door.open()
    expect(await ended(link(unborn.door))).toBe('end: it is of another cluster')
  })

  test('that comes back before its old connection was seen to end is not gone', async () => {
    const { door, heard } = openDoor()
    door.open()
    const first = await linked(door)
    await linked(door)
    expect(await ended(first)).toBe('end: replaced')
    expect(heard.log.filter((each) => each.includes('gone'))).toEqual([])
    expect(door.promote('b')).toBe(true)
  })

  test('hears who leads from now on, and its link ends', async () => {
    const { door, heard } = openDoor()
    door.open()
    const replica = await linked(door)
    door.shut('c')
    await replica.heard.until('moved to c')
    expect(await ended(replica)).toBe('end: the primary handed over')
    await heard.until('b is gone')
    expect(await ended(link(door))).toMatch(/^end: /)
  })
})

describe('commands over a link', () => {
  test('are answered in the order in which they came, whatever is decided first', async () => {
    const { door, heard, answer } = openDoor()
    door.open()
    const { link: made } = await linked(door)
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
    const { door, heard, answer } = openDoor()
    door.open()
    const { link: made } = await linked(door)
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
    const { door, heard } = openDoor()
    door.open()
    const { link: made } = await linked(door)
    const results = [made.bus.submit(command(1))]
    await heard.until('command 1')
    results.push(made.bus.submit(command(2)))
    door.close()
    results.push(...(await Promise.all(results)).map(() => made.bus.submit(command(3))))
    for (const result of await Promise.all(results)) expect(result).toBe(LINK_LOST)
  })

  test('of a run that is new come after the news of it: the primary would sweep what they did', async () => {
    const { door, heard } = openDoor()
    door.open()
    const { link: made, runs } = await linked(door)
    await heard.until('b reports 7 r1')
    runs.now = ['r1', 'r2']
    void made.bus.submit(command(1))
    await heard.until('command 1')
    expect(heard.log).toContain('b reports 7 r1,r2')
    expect(heard.log.indexOf('b reports 7 r1,r2')).toBeLessThan(heard.log.indexOf('command 1'))
  })
})

describe('who speaks otherwise', () => {
  async function socket(door: NodeDoor) {
    const made = new WebSocket(`ws://${HOST}:${door.port}${NODE_PATH}`)
    open.push(made)
    const closed = new Promise<string>((resolve) => {
      made.onclose = ({ code, reason }) => resolve(`${code} ${reason}`)
    })
    await new Promise((resolve) => {
      made.onopen = resolve
    })
    return { made, closed, say: (message: object | string) => made.send(JSON.stringify(message)) }
  }
  const hello = { type: 'hello', protocol: NODE_PROTOCOL, cluster: 'c1', node: 'x' }

  test('is sent away: without a name, with another version, with what is no message', async () => {
    const { door, heard } = openDoor()
    door.open()
    for (const [message, reason] of [
      [{ type: 'commands', commands: [command(1)] }, '1008 a node says first who it is'],
      [{ ...hello, protocol: NODE_PROTOCOL + 1 }, '1008 it speaks version'],
      [{ type: 'welcome', position: null }, '1002 '],
      [{ ...hello, cluster: '' }, '1002 '],
      ['not even an object', '1002 '],
    ] as const) {
      const { say, closed } = await socket(door)
      say(message)
      expect(await closed).toStartWith(reason)
    }
    expect(heard.log).toEqual([])
  })

  test('nobody takes a second name', async () => {
    const { door } = openDoor()
    door.open()
    const { say, closed } = await socket(door)
    say(hello)
    say({ ...hello, node: 'y' })
    expect(await closed).toBe('1008 a node says once who it is')
    expect([door.promote('x'), door.promote('y')]).toEqual([false, false])
  })

  test('who came in time and says its name too late is not welcomed by a node that leads no more', async () => {
    const { door } = openDoor()
    door.open()
    const { say, closed } = await socket(door)
    door.shut(null)
    say(hello)
    expect(await closed).toBe('1008 this node is not the primary')
  })

  test('whatever is not for nodes gets a sentence', async () => {
    const { door } = openDoor()
    const status = async (path: string) => (await fetch(`http://${HOST}:${door.port}${path}`)).status
    expect([await status('/'), await status(NODE_PATH)]).toEqual([404, 503])
    door.open()
    expect(await status(NODE_PATH)).toBe(426)
  })
})
