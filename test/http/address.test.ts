import { describe, expect, test } from 'bun:test'
import { addressRanges } from '../../src/config/kinds.ts'
import { clientAddress } from '../../src/http/address.ts'

const proxies = addressRanges().parse('10.0.0.0/8, 2001:db8::/32')
if (!proxies.ok) throw new Error(proxies.error)
const rules = { trustedProxies: proxies.value, isOperator: (key: string) => key === 'the key' }

describe('client address', () => {
  test('is the peer, normalised', () => {
    expect(from('1.2.3.4', {})).toMatchObject({ address: '1.2.3.4', limitKey: '1.2.3.4', operator: false })
    expect(from('::ffff:1.2.3.4', {}).address).toBe('1.2.3.4')
    expect(from('2001:0db9:0:0:1:0:0:1', {})).toMatchObject({
      address: '2001:db9::1:0:0:1',
      limitKey: '2001:db9::',
    })
    expect(from(null, {}).address).toBe('unknown')
  })

  test('x-forwarded-for of a stranger is not believed', () => {
    expect(from('1.2.3.4', { 'x-forwarded-for': '9.9.9.9' }).address).toBe('1.2.3.4')
  })

  test('behind trusted proxies it is the last address that is none of them', () => {
    expect(from('10.0.0.1', { 'x-forwarded-for': '9.9.9.9' }).address).toBe('9.9.9.9')
    expect(from('10.0.0.1', { 'x-forwarded-for': '6.6.6.6, 9.9.9.9, 10.1.1.1' }).address).toBe('9.9.9.9')
    expect(from('10.0.0.1', { 'x-forwarded-for': '10.2.2.2' }).address).toBe('10.2.2.2')
    expect(from('2001:db8::1', { 'x-forwarded-for': '2001:db9::7' }).address).toBe('2001:db9::7')
  })

  test('an unreadable entry ends the chain', () => {
    expect(from('10.0.0.1', { 'x-forwarded-for': '9.9.9.9, garbage, 10.1.1.1' }).address).toBe('10.1.1.1')
    expect(from('10.0.0.1', { 'x-forwarded-for': '' }).address).toBe('10.0.0.1')
  })

  test('the operator may state an address, others who claim to be may not', () => {
    const headers = { 'x-forwarded-for': '9.9.9.9', 'x-dashboard-operator': 'the key' }
    expect(from('1.2.3.4', headers)).toEqual({ address: '9.9.9.9', limitKey: '9.9.9.9', operator: true })
    expect(from('1.2.3.4', { ...headers, 'x-dashboard-operator': 'a guess' })).toMatchObject({
      address: '1.2.3.4',
      operator: false,
    })
  })
})

function from(peer: string | null, headers: Record<string, string>) {
  return clientAddress(rules, new Headers(headers), peer)
}
