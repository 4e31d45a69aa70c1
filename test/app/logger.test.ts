import { describe, expect, test } from 'bun:test'
import { createLogger, type LoggerOptions } from '../../src/app/logger.ts'

describe('logger', () => {
  test('json: one object a line, below the level nothing', () => {
    const { lines, logger } = collect({ level: 'info', format: 'json' })
    logger.debug('not this')
    logger.info('started', { port: 8080 })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { time: '1970-01-01T00:00:00.000Z', level: 'info', event: 'started', port: 8080 },
    ])
  })

  test('silent prints nothing at all', () => {
    const { lines, logger } = collect({ level: 'silent', format: 'json' })
    logger.error('gone')
    expect(lines).toEqual([])
  })

  test('what is named like a secret never appears', () => {
    for (const format of ['json', 'pretty'] as const) {
      const { lines, logger } = collect({ level: 'info', format })
      logger.warn('login', {
        refresh_token: 'abc',
        signature: 'abc',
        Authorization: 'abc',
        operatorKey: 'abc',
        user: 'ada',
      })
      expect(lines.join('')).not.toContain('abc')
      expect(lines.join('')).toContain('ada')
    }
  })

  test('text from outside can forge neither lines nor terminal codes', () => {
    const { lines, logger } = collect({ level: 'info', format: 'pretty' })
    logger.info('seen', { name: 'x\n\x1b[2Jerror fake level=error' })
    expect(lines[0]).not.toContain('\n')
    expect(lines[0]).not.toContain('\x1b[2J')
  })
})

function collect(options: Pick<LoggerOptions, 'level' | 'format'>) {
  const lines: string[] = []
  return {
    lines,
    logger: createLogger({ ...options, clock: { now: () => 0 }, write: (line) => lines.push(line) }),
  }
}
