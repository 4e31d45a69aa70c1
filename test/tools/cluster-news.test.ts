import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leaderNews, newsBetween } from '../../tools/cluster/news.ts'
import { type ClusterState, readState, stateFile, writeState } from '../../tools/cluster/state-file.ts'
import { statusTable } from '../../tools/cluster/status-table.ts'
import { looks, viewOf } from './cluster-views.ts'

const folder = mkdtempSync(join(tmpdir(), 'dashboard-state-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('news', () => {
  test('of the primary are told when it changes, or is missing for more than one look', () => {
    const [a, b] = ['127.0.0.41', '127.0.0.42'] as const
    const news = leaderNews(looks({ [a]: 'primary', [b]: 'replica' }))
    const told = [
      looks({ [a]: 'primary', [b]: 'replica' }),
      looks({ [a]: 'none', [b]: 'replica' }),
      looks({ [a]: 'replica', [b]: 'primary' }),
      looks({ [a]: null, [b]: null }),
      looks({ [a]: null, [b]: null }),
      looks({ [a]: null, [b]: null }),
      looks({ [a]: null, [b]: 'primary' }),
    ].map((seen) => news(seen))
    expect(told).toEqual([
      null,
      null,
      'r-42 (127.0.0.42) is the primary now',
      null,
      expect.stringContaining('no primary'),
      null,
      'r-42 (127.0.0.42) is the primary now',
    ])
  })

  test('of a node are told when its LiteFS goes and comes, not when it does not answer', () => {
    const node = { address: '127.0.0.41', region: 'r-41' }
    const well = [{ ...node, view: viewOf(node.address, 'replica') }]
    const bad = [
      { ...node, view: { ...viewOf(node.address, 'none'), storage: 'detached' as const, stale_since: 7 } },
    ]
    const gone = [{ ...node, view: null }]
    expect(newsBetween(well, well)).toEqual([])
    expect(newsBetween(well, bad)).toEqual([
      expect.stringContaining('without its LiteFS'),
      expect.stringContaining('stale'),
    ])
    expect(newsBetween(bad, well)).toEqual([
      expect.stringContaining('its LiteFS back'),
      expect.stringContaining('up to date again'),
    ])
    expect([...newsBetween(well, gone), ...newsBetween(gone, well)]).toEqual([])
  })
})

describe('the table', () => {
  const look = (address: string) => ({
    address,
    region: 'here',
    candidate: true,
    isAlive: true,
    isLitefsFrozen: false,
  })

  test('has what each node says of itself, and what is seen of it', () => {
    const table = statusTable([
      { ...look('127.0.0.41'), view: viewOf('127.0.0.41', 'primary') },
      {
        ...look('127.0.0.42'),
        candidate: false,
        isLitefsFrozen: true,
        view: viewOf('127.0.0.42', 'replica'),
      },
      { ...look('127.0.0.43'), isAlive: false, view: null },
    ])
    expect(table.split('\n')).toEqual([
      'node        region  role     txid  lag    clients',
      '127.0.0.41  here    primary  1a    12 ms  3',
      '127.0.0.42  here    replica  1a    12 ms  3        its LiteFS is frozen, may not lead',
      '127.0.0.43  here    -        -     -      -        its server is dead',
      '',
      'here leads; its lease was proven 120 ms ago',
    ])
  })

  test('says so when nobody leads, or two believe it', () => {
    const of = (role: 'none' | 'primary') => ({ ...look('127.0.0.41'), view: viewOf('127.0.0.41', role) })
    expect(statusTable([of('none')])).toEndWith('nobody leads at the moment')
    expect(statusTable([of('primary'), of('primary')])).toEndWith('both take themselves for the primary')
  })
})

describe('the state file', () => {
  const state: ClusterState = {
    tool: { pid: 1, started: '1@a' },
    consul: null,
    nodes: [
      {
        address: '127.0.0.41',
        port: 8080,
        region: 'r',
        candidate: true,
        folder: '/f',
        server: { pid: 2, started: '2@a' },
      },
    ],
    primary: '127.0.0.41',
  }

  test('is read as it was written', () => {
    writeState(join(folder, 'new'), state)
    expect(readState(join(folder, 'new'))).toEqual(state)
  })

  test('counts for nothing when it is missing, broken, or of another shape', () => {
    expect(readState(join(folder, 'none'))).toBeNull()
    for (const text of ['{"tool":', '{}', JSON.stringify({ ...state, tool: { pid: -1, started: '1@a' } })]) {
      writeFileSync(stateFile(folder), text)
      expect(readState(folder)).toBeNull()
    }
  })
})
