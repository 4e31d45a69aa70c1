import type { Millis } from './clock.ts'

/** A limit of `rate` tokens a second, of which up to `burst` accumulate. */
export type BucketLimit = { readonly rate: number; readonly burst: number }

/** One caller's allowance. A plain mutable record: a session carries one, and idle sessions are many. */
export type Bucket = { tokens: number; at: Millis }

export function fullBucket(limit: BucketLimit, now: Millis): Bucket {
  return { tokens: limit.burst, at: now }
}

/**
 * Takes one token. Returns 0 if there was one, otherwise the milliseconds until there is one; a refused call
 * takes nothing. A clock that was set back neither adds tokens nor removes any.
 */
export function takeToken(bucket: Bucket, limit: BucketLimit, now: Millis): Millis {
  refill(bucket, limit, now)
  if (bucket.tokens >= 1 - ROUNDING) {
    bucket.tokens -= 1
    return 0
  }
  return Math.ceil(((1 - bucket.tokens - ROUNDING) * 1000) / limit.rate)
}

/** Adds the tokens of the time since the last call. */
export function refill(bucket: Bucket, limit: BucketLimit, now: Millis): void {
  if (now > bucket.at) {
    bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) * limit.rate) / 1000)
  }
  bucket.at = now
}

/** The error that sums of fractions may have, in tokens. */
const ROUNDING = 1e-9
