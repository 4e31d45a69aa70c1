import { describe, expect, test } from 'bun:test'
import { type HealthReadings, health } from '../../src/http/health.ts'
import type { ClusterHealth, ProcessHealth } from '../../src/http/host-health.ts'

const READINGS: HealthReadings = {
  version: '1.2.3',
  startedAt: 1_000,
  now: 5_999,
  stopping: false,
  epoch: 7,
  appliedSeq: 40,
  committedSeq: 42,
  writer: { state: 'running', restarts: 0 },
  connections: 3,
}
const CLUSTER: ClusterHealth = {
  node: 'a',
  role: 'replica',
  primary: 'b',
  lease_age_ms: 400,
  storage: 'attached',
  stale_since: null,
  nodes: [],
}
const PROCESS: ProcessHealth = {
  process: 1,
  pid: 7,
  state: 'running',
  restarts: 0,
  connections: 1,
  seq: 40,
  answers: true,
}

const statusOf = (changes: Partial<HealthReadings>) => health({ ...READINGS, ...changes }).status
const inCluster = (changes: Partial<ClusterHealth>, more: Partial<HealthReadings> = {}) =>
  statusOf({ ...more, cluster: { ...CLUSTER, ...changes } })

describe('the health of one server', () => {
  test('has the parts that there are, and no others', () => {
    expect(health(READINGS)).toEqual({
      status: 'ok',
      version: '1.2.3',
      uptime: 4,
      journal: { epoch: 7, seq: 40, lag_rows: 2 },
      writer: { state: 'running', restarts: 0 },
      connections: 3,
      server_time: 5_999,
    })
    const whole = health({
      ...READINGS,
      processes: [PROCESS],
      cluster: CLUSTER,
      presence: { hosts: 2, connections: 9 },
    })
    expect(whole).toMatchObject({
      processes: [PROCESS],
      cluster: CLUSTER,
      clients: { hosts: 2, connections: 9 },
    })
  })

  test('a reader that is ahead of what it was told lags behind nothing', () => {
    expect(health({ ...READINGS, appliedSeq: 50 }).journal.lag_rows).toBe(0)
  })

  test('is degraded by rows to come, or by a process that does not serve', () => {
    expect(statusOf({ committedSeq: 10_040 })).toBe('ok')
    expect(statusOf({ committedSeq: 10_041 })).toBe('degraded')
    expect(statusOf({ processes: [PROCESS, { ...PROCESS, state: 'restarting' }] })).toBe('degraded')
  })

  test('is down where no command can be taken, and stopping above all', () => {
    expect(statusOf({ writer: { state: 'restarting', restarts: 1 } })).toBe('down')
    expect(statusOf({ writer: { state: 'stopped', restarts: 1 } })).toBe('down')
    expect(statusOf({ writer: { state: 'stopped', restarts: 1 }, stopping: true })).toBe('stopping')
    expect(inCluster({ storage: 'detached' }, { stopping: true })).toBe('stopping')
  })
})

describe('the health of a node', () => {
  test('is that of one server where all is well, whatever its part', () => {
    expect(inCluster({})).toBe('ok')
    expect(inCluster({ role: 'primary', primary: 'a' })).toBe('ok')
  })

  test('is degraded with no primary in sight: it serves readers, and others could do no more', () => {
    for (const state of ['restarting', 'stopped'] as const) {
      const writer = { state, restarts: 0 }
      expect(inCluster({ role: 'none', primary: null }, { writer })).toBe('degraded')
    }
  })

  test('is degraded while its readers see old data, also from the first moment of time', () => {
    expect(inCluster({ stale_since: 5_000 })).toBe('degraded')
    expect(inCluster({ stale_since: 0 })).toBe('degraded')
  })

  test('is down without its storage, whoever takes commands', () => {
    expect(inCluster({ storage: 'detached', stale_since: 1 })).toBe('down')
    expect(inCluster({ storage: 'detached' }, { writer: { state: 'restarting', restarts: 0 } })).toBe('down')
  })
})
