import { describe, expect, test } from 'bun:test'
import { handOver } from '../../src/replication/hand-over.ts'
import { recordingLogger } from '../support/journal.ts'

const HERE = { txid: '9', checksum: 'c' }

function setUp(
  options: {
    readonly isAlone?: boolean
    readonly position?: () => Promise<typeof HERE | null>
    readonly candidate?: string | null
    readonly promotes?: boolean
    readonly moves?: boolean
  } = {},
) {
  const log: string[] = []
  const logger = recordingLogger()
  const done = handOver({
    hasCandidate: () => options.isAlone !== true,
    hold: () => void log.push('hold'),
    async drain() {
      log.push('drain')
      await Promise.resolve()
      log.push('drained')
    },
    position() {
      log.push('position')
      return (options.position ?? (async () => HERE))()
    },
    async candidateAt({ txid }, patience) {
      log.push(`candidate at ${txid} within ${patience}`)
      return options.candidate === undefined ? 'b' : options.candidate
    },
    promote(node) {
      log.push(`promote ${node}`)
      return options.promotes ?? true
    },
    async moved(patience) {
      log.push(`moved within ${patience}`)
      return options.moves ?? true
    },
    resume: () => void log.push('resume'),
    now: () => 0,
    logger,
  })
  return { done, log, logger }
}

describe('a hand-over', () => {
  test('holds, drains, finds one that has everything, and lets it lead', async () => {
    const { done, log, logger } = setUp()
    expect(await done).toBe('b')
    expect(log).toEqual([
      'hold',
      'drain',
      'drained',
      'position',
      'candidate at 9 within 1500',
      'promote b',
      'moved within 3000',
    ])
    expect(logger.lines).toEqual(['handed over'])
  })

  test('with nobody to hand over to holds nothing up', async () => {
    const { done, log, logger } = setUp({ isAlone: true })
    expect(await done).toBeNull()
    expect(log).toEqual([])
    expect(logger.lines).toEqual(['not handed over'])
  })

  for (const [what, options] of Object.entries({
    'no other node has everything': { candidate: null },
    'the one that has is gone when it is asked': { promotes: false },
    'it does not take over': { moves: false },
    'LiteFS does not say where this node is': { position: () => Promise.reject(new Error('timeout')) },
    'there is no database yet': { position: async () => null },
  })) {
    test(`where ${what}, this node goes on`, async () => {
      const { done, log, logger } = setUp(options)
      expect(await done).toBeNull()
      expect(log.filter((each) => each === 'resume')).toHaveLength(1)
      expect(log.at(-1)).toBe('resume')
      expect(logger.lines).toEqual(['not handed over'])
    })
  }
})
