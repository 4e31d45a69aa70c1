import { afterEach, describe, expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { createRouter } from '../../src/forwarding/command-router.ts'
import { createFollowing, type Following } from '../../src/replication/following.ts'
import { createPrimaryServer, type PrimaryServer } from '../../src/replication/primary-server.ts'
import { every } from '../support/every.ts'
import { recordingLogger } from '../support/journal.ts'
import { until } from '../support/until.ts'

/** Nodes listen at the same port of different addresses. */
const HOSTS = ['127.0.0.64', '127.0.0.65'] as const
const COMMAND: Command = { kind: 'x.do', actor: { type: 'system' }, at: 1, payload: null }

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

function openServer(host: string, port: number) {
  const heard: string[] = []
  const server: PrimaryServer = createPrimaryServer({
    host,
    port,
    cluster: () => 'c1',
    bus: { submit: async (): Promise<CommandResult> => ({ ok: true, value: host, epoch: 1, seq: 1 }) },
    position: () => null,
    onReport: () => void heard.push('report'),
    onPosition: (_node, { txid }) => void heard.push(`at ${txid}`),
    onGone: () => void heard.push('gone'),
    logger: recordingLogger(),
  })
  open.push(server.close)
  return { server, heard, host }
}

/** Two nodes of which either may lead, and one that follows. */
function setUp() {
  const a = openServer(HOSTS[0], 0)
  const b = openServer(HOSTS[1], a.server.port)
  let attempts = 0
  const after = (delay: number, run: () => void) => {
    setTimeout(run, delay / 20)
    attempts += 1
  }
  const now = () => performance.now()
  const router = createRouter({ newKey: () => 'k', now, after })
  const log: string[] = []
  const following: Following = createFollowing({
    node: 'me',
    report: () => ({
      region: '',
      candidate: true,
      position: null,
      seq: 0,
      connections: 0,
      lag: 0,
      instances: [],
    }),
    onPromote: () => void log.push('promote'),
    cluster: () => 'c1',
    nodePort: a.server.port,
    router,
    readable: (bus) => bus,
    onWelcome: () => void log.push('welcome'),
    onStatus: () => void log.push('status'),
    now,
    after,
    every,
    logger: recordingLogger(),
  })
  open.push(following.leave)
  const answeredBy = async () => {
    const result = await router.bus.submit(COMMAND)
    return result.ok ? result.value : result.error.message
  }
  return { a, b, router, following, log, answeredBy, attempts: () => attempts }
}

describe('a node that follows', () => {
  test('sends its commands to the primary once that welcomes it, however long that takes', async () => {
    const { a, router, following, log, answeredBy, attempts } = setUp()
    following.follow(a.host)
    const answer = answeredBy()
    expect(following.isLinked()).toBe(false)
    expect(router.target()).toBe('none')
    expect(following.lastSeenAt()).toBe(-Infinity)
    await until(() => attempts() >= 3, 'a third attempt')
    a.server.startAccepting()
    expect(await answer).toBe(a.host)
    expect(following.isLinked()).toBe(true)
    expect(router.target()).toBe('link')
    expect(log).toEqual(['welcome'])
    expect(following.lastSeenAt()).toBeGreaterThan(0)
    following.position({ txid: '5', checksum: 'c' })
    await until(() => a.heard.includes('at 5'), 'at 5')
  })

  test('has one link, however often it is told whom to follow', async () => {
    const { a, following, log } = setUp()
    a.server.startAccepting()
    following.follow(a.host)
    following.follow(a.host)
    await until(following.isLinked, 'a link')
    following.follow(a.host)
    a.server.beat({ nodes: [], position: null, leaseAge: 0 })
    await until(() => log.includes('status'), 'status')
    expect(log).toEqual(['welcome', 'status'])
    expect(a.heard).not.toContain('gone')
  })

  test('goes where the primary says that it has handed over to', async () => {
    const { a, b, following, answeredBy, router } = setUp()
    a.server.startAccepting()
    following.follow(a.host)
    await until(following.isLinked, 'a link')
    a.server.stopAccepting(b.host)
    await until(() => !following.isLinked(), 'the end of the link')
    expect(router.target()).toBe('none')
    b.server.startAccepting()
    expect(await answeredBy()).toBe(b.host)
  })

  test('does not follow itself, and stays with one that does not say to whom', async () => {
    for (const to of ['me', null]) {
      const { a, following, answeredBy } = setUp()
      a.server.startAccepting()
      following.follow(a.host)
      await until(following.isLinked, 'a link')
      a.server.stopAccepting(to)
      await until(() => !following.isLinked(), 'the end of the link')
      a.server.startAccepting()
      expect(await answeredBy()).toBe(a.host)
    }
  })

  test('is linked to another when it is told so, and hears nothing more of the first', async () => {
    const { a, b, following, answeredBy, log } = setUp()
    a.server.startAccepting()
    b.server.startAccepting()
    following.follow(a.host)
    await until(following.isLinked, 'a link')
    following.follow(b.host)
    expect(following.isLinked()).toBe(false)
    expect(await answeredBy()).toBe(b.host)
    await until(() => a.heard.includes('gone'), 'gone')
    a.server.beat({ nodes: [], position: null, leaseAge: 0 })
    expect(log).toEqual(['welcome', 'welcome'])
  })

  test('leaves for good', async () => {
    const { a, following, router, attempts } = setUp()
    a.server.startAccepting()
    following.follow(a.host)
    await until(following.isLinked, 'a link')
    const own = { type: 'writer', bus: { submit: router.bus.submit } } as const
    router.setTarget(own)
    following.leave()
    const left = performance.now()
    await until(() => a.heard.includes('gone'), 'gone')
    // By itself, not for its silence.
    expect(performance.now() - left).toBeLessThan(2_000)
    expect(following.isLinked()).toBe(false)
    expect(router.target()).toBe('writer')
    expect(attempts()).toBe(0)
  })
})
