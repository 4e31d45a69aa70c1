import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseChurn, readChurnFile } from '../../tools/replay/churn-file.ts'

const GOOD = 'time,ip,state\n100,192.0.2.1,up\n100,2001:db8::1,up\n160,192.0.2.1,down\n'

describe('a churn file', () => {
  test('is rows of time, ip and state', () => {
    expect(parseChurn('f', GOOD)).toEqual({
      ok: true,
      value: [
        { time: 100, ip: '192.0.2.1', state: 'up' },
        { time: 100, ip: '2001:db8::1', state: 'up' },
        { time: 160, ip: '192.0.2.1', state: 'down' },
      ],
    })
  })

  test('may have Windows line ends, a byte order mark, and no last line end', () => {
    const text = `\uFEFF${GOOD.trimEnd().replaceAll('\n', '\r\n')}`
    expect(parseChurn('f', text)).toEqual(parseChurn('f', GOOD))
  })

  test('may be gzipped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'churn-'))
    try {
      const [plain, zipped] = [join(folder, 'a.csv'), join(folder, 'a.csv.gz')]
      await Bun.write(plain, GOOD)
      await Bun.write(zipped, Bun.gzipSync(new TextEncoder().encode(GOOD)))
      expect(readChurnFile(zipped)).toEqual(readChurnFile(plain))
      expect(readChurnFile(plain).ok).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const wrong: readonly (readonly [string, string, string])[] = [
    ['another header', 'time,address,state\n1,192.0.2.1,up\n', 'f:1: the header must be time,ip,state'],
    ['nothing', '', 'f:1: the header'],
    ['a header alone', 'time,ip,state\n', 'no rows'],
    ['a missing field', 'time,ip,state\n1,192.0.2.1\n', 'f:2: expected three fields'],
    ['a field too many', 'time,ip,state\n1,192.0.2.1,up,x\n', 'f:2: expected three fields'],
    ['a time that is no number', 'time,ip,state\nnow,192.0.2.1,up\n', 'f:2: time'],
    ['a time in milliseconds', 'time,ip,state\n1765484462000000,192.0.2.1,up\n', 'f:2: time'],
    ['an ip that is none', 'time,ip,state\n1,192.0.2.256,up\n', 'f:2: ip'],
    ['an unknown state', 'time,ip,state\n1,192.0.2.1,sleeping\n', 'f:2: state'],
    ['time that runs backwards', 'time,ip,state\n2,192.0.2.1,up\n1,192.0.2.1,down\n', 'f:3: time runs'],
    ['an empty line in the middle', 'time,ip,state\n\n1,192.0.2.1,up\n', 'f:2: expected'],
  ]
  for (const [what, text, reason] of wrong) {
    test(`${what} is refused with the line`, () => {
      const parsed = parseChurn('f', text)
      if (parsed.ok) throw new Error('taken')
      expect(parsed.error).toContain(reason)
    })
  }

  test('that is missing is refused by name', () => {
    const read = readChurnFile('/nowhere/at-all.csv')
    if (read.ok) throw new Error('taken')
    expect(read.error).toContain('/nowhere/at-all.csv cannot be read')
  })

  test('that is cut short gzip is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'churn-'))
    try {
      const path = join(folder, 'cut.csv.gz')
      await Bun.write(path, Bun.gzipSync(new TextEncoder().encode(GOOD)).subarray(0, 20))
      expect(readChurnFile(path).ok).toBe(false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
