import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAddress } from '../../../src/boards/rewards/domain/address.ts'
import { openCountries } from '../../../src/boards/rewards/domain/country.ts'

test('an IPv4 address is its own key and shows its /24', () => {
  const plain = { address: '203.0.113.7', key: '203.0.113.7', masked: '203.0.113.0/24' }
  expect(readAddress('203.0.113.7')).toMatchObject(plain)
  expect(readAddress('::ffff:203.0.113.7')).toMatchObject(plain)
})

test('an IPv6 address counts by its /64 and shows its /48', () => {
  expect(readAddress('2001:0db8:00aa:00bb::1')).toMatchObject({
    address: '2001:db8:aa:bb::1',
    key: '2001:db8:aa:bb::/64',
    masked: '2001:db8:aa::/48',
  })
  expect(readAddress('2001:db8:aa:bb:ffff::2')?.key).toBe('2001:db8:aa:bb::/64')
  expect(readAddress('2001:db8:aa:bc::1')?.key).not.toBe('2001:db8:aa:bb::/64')
})

test('the zone of an IPv6 address is ignored', () => {
  expect(readAddress('fe80::1%eth0')?.address).toBe('fe80::1')
})

test.each([
  ['8.8.8.8', true],
  ['2a00:1450:4001:82b::200e', true],
  ['127.0.0.1', false],
  ['::1', false],
  ['192.168.1.5', false],
  ['10.0.0.1', false],
  ['100.64.0.1', false],
  ['fe80::1', false],
  ['fd00::1', false],
])('%s is public: %p', (text, isPublic) => {
  expect(readAddress(text)?.isPublic).toBe(isPublic)
})

test('text that is no address is refused', () => {
  for (const text of ['', 'unknown', 'example.org', '1.2.3.4.5', '1.2.3.4:80'])
    expect(readAddress(text)).toBeNull()
})

test('the bundled table has the countries of public addresses, and none for private ones', () => {
  const countries = openCountries(null)
  if (!countries.ok) throw new Error(countries.error)
  expect(countries.value('8.8.8.8')).toBe('US')
  expect(countries.value('::ffff:8.8.8.8')).toBe('US')
  expect(countries.value('2a00:1450:4001:82b::200e')).toBe('IE')
  for (const text of ['127.0.0.1', '::1', '192.168.0.1', 'unknown']) expect(countries.value(text)).toBeNull()
})

test('the error of a table that cannot be read names its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countries-'))
  try {
    const broken = join(folder, 'broken.mmdb')
    writeFileSync(broken, 'not a table')
    for (const file of [join(folder, 'missing.mmdb'), broken]) {
      const opened = openCountries(file)
      expect(opened.ok).toBe(false)
      if (!opened.ok) expect(opened.error).toContain(file)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
