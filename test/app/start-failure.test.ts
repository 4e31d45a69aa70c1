import { describe, expect, test } from 'bun:test'
import { startFailure } from '../../src/app/start-failure.ts'
import { BOARDS } from '../../src/boards/index.ts'
import { readConfig } from '../../src/config/config.ts'

const outcome = readConfig({ DASHBOARD_PORT: '8080', DASHBOARD_DATA: '/srv/data' }, BOARDS)
if (!outcome.ok) throw new Error('defaults are wrong')
const { config } = outcome

describe('what goes wrong at the start', () => {
  for (const [code, syscall, ...parts] of [
    ['EADDRINUSE', 'listen', 'port 8080', 'taken', 'DASHBOARD_PORT=8081'],
    ['EACCES', 'listen', 'port 8080', 'rights'],
    ['EACCES', 'open', '/srv/data', 'written'],
    ['EADDRNOTAVAIL', 'listen', 'DASHBOARD_HOST'],
    ['EINVAL', 'listen', 'DASHBOARD_HOST'],
    ['ENOTDIR', 'mkdir', '/srv/data', 'file'],
    ['ENOSPC', 'write', '/srv/data', 'full'],
  ] as const) {
    test(`${code} of ${syscall} is one line that says what to do`, () => {
      const line = startFailure(Object.assign(new Error('x'), { code, syscall }), config)
      for (const part of parts) expect(line).toContain(part)
      expect(line).not.toContain('\n')
    })
  }

  test('what nobody foresaw keeps its stack', () => {
    expect(startFailure(new Error('surprise'), config)).toBeNull()
    expect(
      startFailure(Object.assign(new Error('x'), { code: 'EINVAL', syscall: 'read' }), config),
    ).toBeNull()
  })
})
