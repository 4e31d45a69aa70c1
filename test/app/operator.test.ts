import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { announceOperatorKey, loadOperatorKey, operatorKeyFolder } from '../../src/app/operator.ts'
import { systemRandom } from '../../src/core/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'dashboard-operator-'))
/** No server listens there, so no server's key is disturbed. */
const PORT = 70_001
afterAll(() => rmSync(folder, { recursive: true }))

describe('operator key', () => {
  test('is made once, for the owner only, and nothing else matches', () => {
    const key = loadOperatorKey(folder, systemRandom)
    expect(statSync(join(folder, 'operator.key')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'operator.key'), 'utf8').trim()).toBe(key.text)
    expect(loadOperatorKey(folder, systemRandom).text).toBe(key.text)
    const matching = [key.text, `${key.text}x`, ''].filter((text) => key.matches(text))
    expect(matching).toEqual([key.text])
  })

  test('a file that holds no key is replaced', () => {
    writeFileSync(join(folder, 'operator.key'), 'guess me\n')
    expect(loadOperatorKey(folder, systemRandom).matches('guess me')).toBe(false)
  })

  test('a key that others could read is a secret no more, and a link is not followed', () => {
    const file = join(folder, 'operator.key')
    const { text } = loadOperatorKey(folder, systemRandom)
    chmodSync(file, 0o644)
    expect(loadOperatorKey(folder, systemRandom).matches(text)).toBe(false)
    expect(statSync(file).mode & 0o777).toBe(0o600)

    const elsewhere = join(folder, 'elsewhere')
    writeFileSync(elsewhere, `${text}\n`, { mode: 0o600 })
    rmSync(file)
    symlinkSync(elsewhere, file)
    expect(loadOperatorKey(folder, systemRandom).matches(text)).toBe(false)
    expect(lstatSync(file).isFile()).toBe(true)
    expect(readFileSync(elsewhere, 'utf8').trim()).toBe(text)
  })

  test('is laid out for tools of the same user, and taken away again', () => {
    const key = loadOperatorKey(folder, systemRandom)
    const file = join(operatorKeyFolder(PORT), 'operator.key')
    const takeAway = announceOperatorKey(key, PORT)
    expect(readFileSync(file, 'utf8').trim()).toBe(key.text)
    expect(statSync(operatorKeyFolder(PORT)).mode & 0o777).toBe(0o700)
    takeAway?.()
    expect(() => statSync(file)).toThrow()
  })

  test('is not laid into a place that somebody else prepared', () => {
    symlinkSync(folder, operatorKeyFolder(PORT))
    expect(announceOperatorKey(loadOperatorKey(folder, systemRandom), PORT)).toBeNull()
    rmSync(operatorKeyFolder(PORT))
  })
})
