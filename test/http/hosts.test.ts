import { describe, expect, test } from 'bun:test'
import { loopbackHosts } from '../../src/config/loopback-hosts.ts'
import { hostKnown } from '../../src/http/hosts.ts'

describe('host names', () => {
  test('a name that is listed holds for every port, one with a port for that port', () => {
    const known = { mode: 'listed', hosts: new Set(['d.example', 'e.example:81', '[::1]']) } as const
    for (const host of ['d.example', 'D.Example:8080', 'e.example:81', '[::1]', '[::1]:80'])
      expect({ host, known: hostKnown(known, host) }).toEqual({ host, known: true })
    for (const host of ['e.example', 'e.example:82', 'd.example.evil.example', 'evil.d.example', '', '::1'])
      expect({ host, known: hostKnown(known, host) }).toEqual({ host, known: false })
    expect(hostKnown({ mode: 'any' }, 'evil.example')).toBe(true)
  })

  test('only what nobody else reaches is known by the names of loopback', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
      expect(loopbackHosts(host)).toContain('localhost')
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'd.example', '127.0.0.1.d.example'])
      expect(loopbackHosts(host)).toBeNull()
  })
})
