import { LRUCache } from 'lru-cache'
import type { Clock, Millis } from '../core/clock.ts'
import { type Bucket, type BucketLimit, fullBucket, takeToken } from '../core/token-bucket.ts'

/** A token bucket for each address that asks. */
export type RequestLimits = {
  /** Takes one token of this address: 0 when it may go on, otherwise the milliseconds to wait. */
  take(limitKey: string): Millis
  /** Gives one back that was not used. */
  giveBack(limitKey: string): void
}

/**
 * At most `addresses` buckets are remembered, the least recently used forgotten first: who comes from that
 * many addresses at once is not held by per-address limits anyway, and memory stays bounded.
 */
export function createRequestLimits(limit: BucketLimit, clock: Clock, addresses = 100_000): RequestLimits {
  const buckets = new LRUCache<string, Bucket>({ max: addresses })
  return {
    take(limitKey) {
      const now = clock.now()
      const known = buckets.get(limitKey)
      const bucket = known ?? fullBucket(limit, now)
      if (known === undefined) buckets.set(limitKey, bucket)
      return takeToken(bucket, limit, now)
    },
    giveBack(limitKey) {
      const bucket = buckets.get(limitKey)
      if (bucket !== undefined) bucket.tokens = Math.min(limit.burst, bucket.tokens + 1)
    },
  }
}
