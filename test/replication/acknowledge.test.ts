import { describe, expect, test } from 'bun:test'
import type { Command, CommandResult, StoragePosition } from '../../src/core/command.ts'
import { acknowledging } from '../../src/replication/acknowledge.ts'

const STORED: StoragePosition = { txid: '1', checksum: 'a' }
const DONE: CommandResult = { ok: true, value: 1, epoch: 1, seq: 1, stored: STORED }
const command = (more: Partial<Command> = {}): Command => ({
  kind: 'rewards.connect',
  actor: { type: 'system' },
  at: 1,
  payload: null,
  ...more,
})

function setUp(
  options: {
    readonly result?: CommandResult
    readonly boards?: readonly string[]
    readonly leads?: readonly (boolean | Promise<boolean>)[]
    readonly replicated?: boolean
  } = {},
) {
  const asked: string[] = []
  const leads = [...(options.leads ?? [])]
  const bus = acknowledging({
    bus: {
      async submit() {
        asked.push('writer')
        return options.result ?? DONE
      },
    },
    replicatedBoards: new Set(options.boards),
    stillLeads() {
      asked.push('leads')
      return leads.shift() ?? true
    },
    async replicated(position) {
      asked.push(`replicated ${position.txid}`)
      return options.replicated ?? true
    },
  })
  return { bus, asked }
}

const messageOf = (result: CommandResult) => (result.ok ? null : result.error.message)

describe('a change is acknowledged', () => {
  test('when this node still leads after the commit', async () => {
    const { bus, asked } = setUp()
    expect(await bus.submit(command())).toBe(DONE)
    expect(asked).toEqual(['writer', 'leads'])
  })

  test('not when it lost its lead, at once or as it turns out', async () => {
    for (const lead of [false, Promise.resolve(false)]) {
      const { bus } = setUp({ leads: [lead] })
      const result = await bus.submit(command())
      expect(result).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 1_000 } })
      expect(messageOf(result)).toContain('may or may not have been stored')
    }
    expect(await setUp({ leads: [Promise.resolve(true)] }).bus.submit(command())).toBe(DONE)
  })

  test('a refusal needs neither', async () => {
    const refused: CommandResult = { ok: false, error: { code: 'RateLimited', message: 'slower' } }
    const { bus, asked } = setUp({ result: refused, boards: ['rewards'] })
    expect(await bus.submit(command({ ack: 'replicated' }))).toBe(refused)
    expect(asked).toEqual(['writer'])
  })
})

describe('a change that a second node has to have', () => {
  test('is one that says so, or one of such a board', async () => {
    for (const [more, boards, isAsked] of [
      [{}, [], false],
      [{ ack: 'replicated' }, [], true],
      [{}, ['auth', 'rewards'], true],
      [{}, ['auth'], false],
      [{}, ['rewards.connect'], false],
      [{ kind: 'rewardsx.connect' }, ['rewards'], false],
      [{ kind: 'rewardsx' }, ['rewards'], false],
    ] as const) {
      const { bus, asked } = setUp({ boards })
      expect(await bus.submit(command(more))).toBe(DONE)
      expect([more, asked.includes('replicated 1')]).toEqual([more, isAsked])
    }
  })

  test('is not acknowledged when none has it in time, or where nobody can tell', async () => {
    const late = await setUp({ replicated: false }).bus.submit(command({ ack: 'replicated' }))
    expect(messageOf(late)).toContain('not known to be on a second node')
    const { stored, ...nowhere } = { ...DONE, stored: STORED }
    expect(stored).toBe(STORED)
    const { bus, asked } = setUp({ result: nowhere })
    expect((await bus.submit(command({ ack: 'replicated' }))).ok).toBe(false)
    expect(asked).toEqual(['writer', 'leads'])
  })

  test('is not acknowledged either when the lead was lost while it was waited for', async () => {
    const { bus, asked } = setUp({ leads: [true, false] })
    expect(messageOf(await bus.submit(command({ ack: 'replicated' })))).toContain('lost its place')
    expect(asked).toEqual(['writer', 'leads', 'replicated 1', 'leads'])
  })
})
