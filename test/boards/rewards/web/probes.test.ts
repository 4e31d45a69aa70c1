import { describe, expect, test } from 'bun:test'
import { addProbe, measureQuality, type Probe } from '../../../../src/boards/rewards/web/state/probes.ts'

describe('probes', () => {
  test('give the median round trip and the share that was lost', () => {
    expect(measureQuality([])).toBeNull()
    expect(measureQuality([10, 30, 20])).toEqual({ rtt: 20, loss: 0, probes: 3 })
    expect(measureQuality([10, null, 20])).toEqual({ rtt: 15, loss: 33.3, probes: 3 })
    expect(measureQuality([null])).toEqual({ rtt: null, loss: 100, probes: 1 })
  })

  test('are kept only so long', () => {
    const probes = [1, 2, 3, 4].reduce<readonly Probe[]>((kept, probe) => addProbe(kept, probe, 3), [])
    expect(probes).toEqual([2, 3, 4])
  })
})
