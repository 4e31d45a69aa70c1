import { expect, test } from 'bun:test'
import { DEFAULT_RULES } from '../../../src/boards/rewards/domain/rules.ts'
import { checkNetworks } from '../../../src/boards/rewards/domain/validate.ts'

const HOME = { name: 'Home', loss: 0.5, rtt: 42, bytes_in: 1024, bytes_out: 512 }
const named = (count: number) => Array.from({ length: count }, (_, n) => ({ ...HOME, name: `net ${n}` }))

/** Returns the text of the refusal; empty where the report is taken. */
function refusalOf(networks: Parameters<typeof checkNetworks>[0]): string {
  const checked = checkNetworks(networks, DEFAULT_RULES)
  return checked.ok ? '' : `${checked.error.code}: ${checked.error.message}`
}

test('V-2: a report has 1 to 32 networks', () => {
  expect(refusalOf(named(1))).toBe('')
  expect(refusalOf(named(32))).toBe('')
  expect(refusalOf([])).toContain('InvalidNetworkData: networks must name at least one')
  expect(refusalOf(named(33))).toContain('InvalidNetworkData: networks must name at most 32')
})

test('V-2: their names differ, and have 1 to 64 characters', () => {
  expect(refusalOf([{ ...HOME, name: 'x'.repeat(64) }])).toBe('')
  for (const name of ['', '   ', 'x'.repeat(65)])
    expect(refusalOf([{ ...HOME, name }])).toContain('networks[0].name must have 1 to 64 characters')
  expect(refusalOf([HOME, { ...HOME, name: ' Home ' }])).toContain('networks[1].name names a network twice')
})

test('V-2: loss is a percentage, and the round trip at most 60,000 ms', () => {
  expect(refusalOf([{ ...HOME, loss: 100, rtt: 60_000 }])).toBe('')
  for (const loss of [-0.1, 100.1, Number.NaN])
    expect(refusalOf([{ ...HOME, loss }])).toContain('networks[0].loss must be a percentage')
  for (const rtt of [-1, 60_000.1, Number.NaN])
    expect(refusalOf([{ ...HOME, rtt }])).toContain('networks[0].rtt must be milliseconds')
})

test('V-2: bytes since the last report are whole numbers', () => {
  expect(refusalOf([{ ...HOME, bytes_in: 0, bytes_out: 2 ** 53 - 1 }])).toBe('')
  for (const bytes of [-1, 0.5, 2 ** 53]) {
    expect(refusalOf([{ ...HOME, bytes_in: bytes }])).toContain('networks[0].bytes_in must be a whole number')
    expect(refusalOf([{ ...HOME, bytes_out: bytes }])).toContain(
      'networks[0].bytes_out must be a whole number',
    )
  }
})
