import { afterAll, beforeAll, describe } from 'bun:test'
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { endsAtRedis, endsInOneProcess, endsInProcesses, endsOnHosts } from '../support/relay-ends.ts'
import { relayContract } from './relay.ts'

relayContract('one process', endsInOneProcess)
relayContract('processes of one host', endsInProcesses)

describe.skipIf(!hasRedis())('with Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  relayContract('Redis', () => endsAtRedis(redis.url))
  relayContract('processes of hosts', () => endsOnHosts(redis.url))
})
