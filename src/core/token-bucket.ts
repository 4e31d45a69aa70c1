import type { Millis } from './clock.ts'

/** `rate` tokens come back each second, up to `burst`. */
export type BucketLimit = { readonly rate: number; readonly burst: number }

/** One caller's allowance. A plain mutable record: a session carries one, and idle sessions are many. */
export type Bucket = { tokens: number; at: Millis }

export function fullBucket(limit: BucketLimit, now: Millis): Bucket {
  return { tokens: limit.burst, at: now }
}

/**
 * Takes one token. Answers 0 when there was one, otherwise the milliseconds until there is one; a refused
 * call costs nothing. A clock that went back gives no tokens and takes none.
 */
export function takeToken(bucket: Bucket, limit: BucketLimit, now: Millis): Millis {
  refill(bucket, limit, now)
  if (bucket.tokens >= 1 - ROUNDING) {
    bucket.tokens -= 1
    return 0
  }
  return Math.ceil(((1 - bucket.tokens - ROUNDING) * 1000) / limit.rate)
}

/** Gives the tokens that have come back since the bucket was last looked at. */
export function refill(bucket: Bucket, limit: BucketLimit, now: Millis): void {
  if (now > bucket.at) {
    bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) * limit.rate) / 1000)
  }
  bucket.at = now
}

/** What sums of fractions may be short of a whole token. */
const ROUNDING = 1e-9
