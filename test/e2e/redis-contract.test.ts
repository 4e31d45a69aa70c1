import { afterAll, beforeAll, describe } from 'bun:test'
import { relayContract } from '../contract/relay.ts'
import { endsAtRedis, endsOnHosts } from '../support/relay-ends.ts'
import { hasRedis, startRedis, type TestRedis } from './redis-server.ts'

describe.skipIf(!hasRedis())('with Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  relayContract('Redis', () => endsAtRedis(redis.url))
  relayContract('processes of hosts', () => endsOnHosts(redis.url))
})
