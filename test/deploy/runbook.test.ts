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
/** Events, fields and metrics that have a line, by what stands in its first cell. */
const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
const metrics = listed.filter((name) => name.startsWith('dashboard_')).map((name) => name.replace(/\{.*/, ''))

/** What is logged for an operator in files whose path matches. `debug` is for those who look for a defect. */
function eventsOf(path: RegExp): readonly string[] {
  const said = files
    .filter((file) => path.test(file.path))
    .flatMap(({ text }) => [...text.matchAll(/logger(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*'([^']+)'/g)])
    .map(([, event = '']) => event)
  return [...new Set(said)]
}

describe('the runbook', () => {
  test('has a line for nothing that the server does not say', () => {
    expect(listed.length).toBeGreaterThan(50)
    const events = new Set(eventsOf(/./))
    // `cluster.role` and the like are fields of `/health`, with what they are set to.
    const isField = (name: string) =>
      name.split('.').every((field) => new RegExp(`\\b${field}\\??: `).test(source))
    const isUnknown = (name: string) =>
      !name.startsWith('dashboard_') && !events.has(name) && !(/^[\w.]+$/.test(name) && isField(name))
    expect(listed.filter((name) => isUnknown(name) && name !== 'none')).toEqual([])
  })

  test('has one line for every event of the cluster, and of what a node does to its processes', () => {
    const said = eventsOf(/^src\/(processes|forwarding|replication|relay)\/|^src\/app\/(attachment|node)\.ts/)
    expect(said.length).toBeGreaterThan(30)
    // A server that was told to end says that it does.
    const quiet = ['stopping', 'stopped']
    expect(said.filter((event) => !quiet.includes(event) && !listed.includes(event))).toEqual([])
    const events = listed.filter((name) => said.includes(name))
    expect(events.filter((name, index) => events.indexOf(name) !== index)).toEqual([])
  })

  test('has a line for every metric of a node, and for none that there is not', async () => {
    const registry = new Registry()
    createNodeMetrics(registry, () => {
      throw new Error('nobody asks for its value')
    })
    countLostSuffixes(registry)
    const known = registry.getMetricsAsArray().map(({ name }) => name)
    expect(known.length).toBeGreaterThan(10)
    expect(known.filter((name) => !metrics.includes(name))).toEqual([])
    const isKnown = (name: string) => known.includes(name) || source.includes(`'${name}'`)
    expect(metrics.filter((name) => !isKnown(name))).toEqual([])
  })

  test('refers to lines of its own only', () => {
    const text = read('docs/RUNBOOK.md')
    const referred = [...text.matchAll(/\bsee ((?:(?:, )?`[^`]+`)+)/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    )
    expect(referred.length).toBeGreaterThan(10)
    expect(referred.filter((name) => !listed.includes(name))).toEqual([])
  })
})
