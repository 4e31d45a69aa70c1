import type { Clock } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import type { Result } from '../core/result.ts'
import { fail, ok } from '../core/result.ts'
import type { ClientAddress } from '../http/address.ts'
import { createRequestLimits } from '../http/request-limits.ts'

/** Counts open sockets, altogether and by address. */
export type ConnectionLimits = {
  /** Takes a place, or says why there is none. Every place taken is given back by one `leave`. */
  enter(client: ClientAddress): Result<null>
  leave(limitKey: string): void
  open(): number
}

/**
 * Decides before the upgrade, while a refusal is still a plain HTTP 429 that costs no socket. An address
 * may also renew only so many connections a second as it may hold, twice that at once: a login is one try a
 * socket, and opening one costs more than holding it.
 */
export function createConnectionLimits(
  most: { readonly connections: number; readonly connectionsPerAddress: number },
  clock: Clock,
): ConnectionLimits {
  const rate = Math.max(MIN_RATE, most.connectionsPerAddress)
  const arrivals = createRequestLimits({ rate, burst: 2 * rate }, clock)
  const byAddress = new Map<string, number>()
  let total = 0
  return {
    enter(client) {
      if (total >= most.connections) {
        return fail(
          appError(
            'ServiceUnavailable',
            'the server holds as many connections as it may; try again later',
            5_000,
          ),
        )
      }
      const held = byAddress.get(client.limitKey) ?? 0
      if (held >= most.connectionsPerAddress && !client.operator) {
        const message = `${client.address} holds ${held} connections, the most allowed; close one first`
        return fail(appError('RateLimited', message, 10_000))
      }
      const wait = client.operator ? 0 : arrivals.take(client.limitKey)
      if (wait > 0)
        return fail(appError('RateLimited', `too many new connections from ${client.address}`, wait))
      byAddress.set(client.limitKey, held + 1)
      total += 1
      return ok(null)
    },
    leave(limitKey) {
      const held = byAddress.get(limitKey) ?? 0
      if (held <= 1) byAddress.delete(limitKey)
      else byAddress.set(limitKey, held - 1)
      total -= 1
    },
    open: () => total,
  }
}

/**
 * New connections a second of one address, even where it may hold few: a client that tries again is no
 * flood.
 */
const MIN_RATE = 20
