import { describe, expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { countLostSuffixes, createNodeMetrics } from '../../src/metrics/node-metrics.ts'
import { sourceFiles } from '../architecture/source-files.ts'
import { read } from './files.ts'

const files = sourceFiles('src')
const source = files.map(({ text }) => text).join('\n')
const firstCells = read('docs/RUNBOOK.md')
  .split('\n')
  .filter((row) => row.startsWith('| `'))
  .map((row) => row.split('|')[1] ?? '')
/** Events, fields and metrics that have a row: the names in its first cell. */
const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
const metrics = listed.filter((name) => name.startsWith('dashboard_')).map((name) => name.replace(/\{.*/, ''))

/** Returns the events that are logged for an operator in files whose path matches; level `debug` is not. */
function eventsOf(path: RegExp): readonly string[] {
  const said = files
    .filter((file) => path.test(file.path))
    .flatMap(({ text }) => [...text.matchAll(/logger(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*'([^']+)'/g)])
    .map(([, event = '']) => event)
  return [...new Set(said)]
}

describe('the runbook', () => {
  test('has no row for an event or field that does not exist', () => {
    expect(listed.length).toBeGreaterThan(50)
    const events = new Set(eventsOf(/./))
    // `cluster.role` and the like are fields of `/health`; their rows may name a value too.
    const isField = (name: string) =>
      name.split('.').every((field) => new RegExp(`\\b${field}\\??: `).test(source))
    const isUnknown = (name: string) =>
      !name.startsWith('dashboard_') && !events.has(name) && !(/^[\w.]+$/.test(name) && isField(name))
    expect(listed.filter((name) => isUnknown(name) && name !== 'none')).toEqual([])
  })

  test('has one row for every event of the cluster and of the processes of a node', () => {
    const said = eventsOf(/^src\/(processes|forwarding|replication|relay)\/|^src\/app\/(attachment|node)\.ts/)
    expect(said.length).toBeGreaterThan(30)
    // A server that was told to end logs that it ends.
    const quiet = ['stopping', 'stopped']
    expect(said.filter((event) => !quiet.includes(event) && !listed.includes(event))).toEqual([])
    const events = listed.filter((name) => said.includes(name))
    expect(events.filter((name, index) => events.indexOf(name) !== index)).toEqual([])
  })

  test('has a row for every metric of a node, and for none that does not exist', async () => {
    const registry = new Registry()
    createNodeMetrics(registry).observe(() => {
      throw new Error('nobody asks for its value')
    })
    countLostSuffixes(registry)
    const known = registry.getMetricsAsArray().map(({ name }) => name)
    expect(known.length).toBeGreaterThan(10)
    expect(known.filter((name) => !metrics.includes(name))).toEqual([])
    const isKnown = (name: string) => known.includes(name) || source.includes(`'${name}'`)
    expect(metrics.filter((name) => !isKnown(name))).toEqual([])
  })

  test('refers to its own rows only', () => {
    const text = read('docs/RUNBOOK.md')
    const referred = [...text.matchAll(/\bsee ((?:(?:, )?`[^`]+`)+)/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    )
    expect(referred.length).toBeGreaterThan(10)
    expect(referred.filter((name) => !listed.includes(name))).toEqual([])
  })
})
