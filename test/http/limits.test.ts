import { describe, expect, test } from 'bun:test'
import { fullBucket, takeToken } from '../../src/core/token-bucket.ts'
import { createRequestLimits } from '../../src/http/request-limits.ts'
import { createConnectionLimits } from '../../src/websocket/connection-limits.ts'

describe('token bucket', () => {
  const limit = { rate: 10, burst: 2 }

  test('gives the burst, then the rate, and says how long to wait', () => {
    const bucket = fullBucket(limit, 0)
    expect([0, 0, 0].map((now) => takeToken(bucket, limit, now))).toEqual([0, 0, 100])
    expect(takeToken(bucket, limit, 99)).toBe(1)
    expect(takeToken(bucket, limit, 100)).toBe(0)
    expect(takeToken(bucket, limit, 60_000)).toBe(0)
    expect(takeToken(bucket, limit, 60_000)).toBe(0)
    expect(takeToken(bucket, limit, 60_000)).toBe(100)
  })

  test('a clock that goes back neither gives nor takes', () => {
    const bucket = fullBucket(limit, 1_000)
    expect(takeToken(bucket, limit, 500)).toBe(0)
    expect(takeToken(bucket, limit, 400)).toBe(0)
    expect(takeToken(bucket, limit, 400)).toBe(100)
  })
})

describe('request limits', () => {
  test('are counted by address and forget the least recently seen', () => {
    const limits = createRequestLimits({ rate: 1, burst: 1 }, { now: () => 0 }, 2)
    expect(limits.take('a')).toBe(0)
    expect(limits.take('a')).toBe(1_000)
    expect(limits.take('b')).toBe(0)
    expect(limits.take('c')).toBe(0)
    expect(limits.take('a')).toBe(0)
  })
})

describe('connection limits', () => {
  const client = { address: '2001:db8::1', limitKey: '2001:db8::', operator: false }

  test('hold per address, give places back, and say which limit it was', () => {
    const limits = createConnectionLimits({ connections: 3, connectionsPerAddress: 1 }, { now: () => 0 })
    expect(limits.enter(client).ok).toBe(true)
    expect(limits.enter({ ...client, address: '2001:db8::2' })).toMatchObject({
      error: { code: 'RateLimited' },
    })
    limits.leave(client.limitKey)
    expect(limits.enter(client).ok).toBe(true)
    expect(limits.open()).toBe(1)
  })

  test('the operator is held by the total only', () => {
    const limits = createConnectionLimits({ connections: 2, connectionsPerAddress: 1 }, { now: () => 0 })
    const operator = { ...client, operator: true }
    for (const attempt of ['first', 'second']) {
      expect({ attempt, ok: limits.enter(operator).ok }).toEqual({ attempt, ok: true })
    }
    expect(limits.enter(operator)).toMatchObject({ error: { code: 'ServiceUnavailable' } })
  })

  test('an address may renew so many connections a second as it may hold, and 20 in any case', () => {
    let now = 0
    const limits = createConnectionLimits({ connections: 9, connectionsPerAddress: 1 }, { now: () => now })
    const renew = (by = client) => {
      const place = limits.enter(by)
      if (place.ok) limits.leave(by.limitKey)
      return place
    }
    for (let i = 0; i < 40; i++) expect(renew().ok).toBe(true)
    expect(renew()).toMatchObject({ error: { code: 'RateLimited', retryAfter: 50 } })
    expect(limits.open()).toBe(0)
    expect(renew({ ...client, limitKey: '2001:db8:1::' }).ok).toBe(true)
    expect(renew({ ...client, operator: true }).ok).toBe(true)
    now = 50
    expect(renew().ok).toBe(true)
  })
})
