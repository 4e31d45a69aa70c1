import { afterEach, describe, expect, test } from 'bun:test'
import { ok } from '../../../src/core/result.ts'
import { createRouter } from '../../../src/forwarding/command-router.ts'
import { createFollowing } from '../../../src/replication/following.ts'
import { createLeaseFence } from '../../../src/replication/lease/lease-fence.ts'
import type { NodeReport } from '../../../src/replication/node-messages.ts'
import { createPrimaryServer, type PrimaryServer } from '../../../src/replication/primary-server.ts'
import { every } from '../../support/every.ts'
import { recordingLogger } from '../../support/journal.ts'
import { until } from '../../support/until.ts'

const OWN = { index: 1, id: '', node: 'a', over: false }
const HOST = '127.0.52.1'
const REPORT: NodeReport = {
  region: '',
  candidate: true,
  position: null,
  seq: 0,
  connections: 0,
  lag: 0,
  instances: [],
}
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean()
})

describe('a trouble that lasts is one line', () => {
  test('of a lease that cannot be proven, and one when it can be again or is lost', async () => {
    const logger = recordingLogger()
    let time = 0
    let isUp = true
    let next = () => {}
    const fence = createLeaseFence({
      lease: {
        async read() {
          if (!isUp) throw new Error('Consul is away')
          return { claim: { index: 1, session: '' }, record: null }
        },
        prove: async () => ok(OWN),
        conclude: async () => {},
        changed: async () => ({ record: null, next: 0 }),
        release: async () => {},
        reachable: async () => isUp,
        ttl: 10_000,
      },
      observer: { observe: () => ({ other: null, validFor: () => 0 }), next: async () => {} },
      now: () => time,
      wait: (pause) =>
        new Promise((resolve) => {
          next = () => {
            time += pause
            resolve()
          }
        }),
      onLost() {},
      logger,
    })
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        next()
        await Bun.sleep(0)
      }
    }
    await fence.begin()
    await rounds(2)
    expect(logger.lines).toEqual([])
    isUp = false
    await rounds(4)
    expect(logger.lines).toEqual(['lease not proven'])
    isUp = true
    await rounds(2)
    expect(logger.lines).toEqual(['lease not proven', 'lease proven again'])
    isUp = false
    await rounds(40)
    expect(logger.lines.slice(2)).toEqual(['lease not proven', 'lease lost'])
  })

  test('of a node that is refused again and again, on both sides', async () => {
    const primary = recordingLogger()
    const server = open(primary)
    server.startAccepting()
    const replica = recordingLogger()
    let now = 0
    const following = follow(server, replica, 'another cluster', () => now)
    following.follow(HOST)
    await until(() => primary.lines.includes('node refused'), 'the primary to say that it refused a node')
    // Not before an election may have ended.
    expect(replica.lines).toEqual([])
    now = 6_000
    await until(() => replica.lines.length > 0, 'a line of the replica')
    const before = attempts
    await until(() => attempts > before + 3, 'more attempts')
    expect(primary.lines).toEqual(['node refused'])
    expect(replica.lines).toEqual(['no link to the primary'])
  })

  test('a link has a line on both sides, and so has its end', async () => {
    const primary = recordingLogger()
    const server = open(primary)
    server.startAccepting()
    const replica = recordingLogger()
    const following = follow(server, replica, 'cluster', () => 0)
    following.follow(HOST)
    await until(() => following.isLinked(), 'the link')
    following.leave()
    await until(() => primary.lines.length > 1, 'a second line of the primary')
    expect(primary.lines).toEqual(['node linked', 'node gone'])
    // It left itself.
    expect(replica.lines).toEqual(['linked to the primary'])
  })

  test('a node that becomes the primary says that its link ended, if there was one', async () => {
    const primary = recordingLogger()
    const server = open(primary)
    server.startAccepting()
    const replica = recordingLogger()
    const following = follow(server, replica, 'cluster', () => 0)
    following.leave('this node leads')
    expect(replica.lines).toEqual([])
    following.follow(HOST)
    await until(() => following.isLinked(), 'the link')
    following.leave('this node leads')
    server.stopAccepting('replica')
    await until(() => primary.lines.includes('node gone'), 'the primary to say that the node is gone')
    expect(replica.lines).toEqual(['linked to the primary', 'link to the primary ended'])
  })
})

let attempts = 0

function open(logger: ReturnType<typeof recordingLogger>): PrimaryServer {
  const server = createPrimaryServer({
    host: HOST,
    port: 0,
    cluster() {
      attempts += 1
      return 'cluster'
    },
    bus: { submit: async () => ({ ok: true, value: null, epoch: 1, seq: 1 }) },
    position: () => null,
    onReport() {},
    onPosition() {},
    onGone() {},
    logger,
  })
  cleanups.push(server.close)
  return server
}

function follow(
  server: PrimaryServer,
  logger: ReturnType<typeof recordingLogger>,
  cluster: string,
  now: () => number,
) {
  const after = (delay: number, run: () => void) => void setTimeout(run, delay)
  const following = createFollowing({
    node: 'replica',
    cluster: () => cluster,
    nodePort: server.port,
    router: createRouter({ newKey: () => '', now, after }),
    readable: (bus) => bus,
    report: () => REPORT,
    onPromote() {},
    onWelcome() {},
    onStatus() {},
    now,
    after,
    every,
    logger,
  })
  cleanups.push(following.leave)
  return following
}
