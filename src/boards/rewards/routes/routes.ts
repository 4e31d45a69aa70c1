import { Elysia, t } from 'elysia'
import type { Clock } from '../../../core/clock.ts'
import { AppException } from '../../../core/errors.ts'
import type { UserId } from '../../../core/ids.ts'
import type { Result } from '../../../core/result.ts'
import type { Sync } from '../../../core/storage.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { RewardsReader } from '../domain/store.ts'
import { Device, Devices, Earnings, History, HistoryParams } from './schemas.ts'
import { devicesView, earningsView, historyView, oneDeviceView } from './views.ts'

export type RewardsRouteDeps = {
  readonly clock: Clock
  readonly rules: RewardsRules
  /** Runs `work` over one consistent snapshot of the board's rows. */
  readonly read: <T>(work: (store: RewardsReader) => Sync<T>) => T
  /** Returns the user who sent a request; fails when there is none. */
  readonly userOf: (headers: Headers) => Promise<Result<{ readonly userId: UserId }>>
}

/**
 * REST of the rewards board: `/api/networks`, `/api/earnings`. Everything is the caller's own;
 * failures are thrown as AppException and leave in the one error format.
 */
export function rewardsRoutes(deps: RewardsRouteDeps) {
  const { clock, rules, read } = deps
  return new Elysia({ name: 'rewards', prefix: '/api', tags: ['rewards'] })
    .onAfterHandle(({ set }) => {
      set.headers['cache-control'] = 'no-store'
    })
    .resolve(async ({ request }) => ({ userId: orThrow(await deps.userOf(request.headers)).userId }))
    .get('/networks', ({ userId }) => read((store) => devicesView(store, userId, rules)), {
      response: Devices,
      detail: { ...LOGGED_IN, summary: 'Your devices: state, score, networks and points' },
    })
    .get(
      '/networks/:id',
      ({ userId, params }) => orThrow(read((store) => oneDeviceView(store, userId, params.id, rules))),
      {
        params: t.Object({ id: t.String({ maxLength: 64, examples: ['laptop-1'] }) }),
        response: Device,
        detail: { ...LOGGED_IN, summary: 'One of your devices' },
      },
    )
    .get('/earnings', ({ userId }) => read((store) => earningsView(store, userId, clock.now())), {
      response: Earnings,
      detail: { ...LOGGED_IN, summary: 'Your balance: settled, and provisional up to this moment' },
    })
    .get(
      '/earnings/history',
      ({ userId, query }) => orThrow(read((store) => historyView(store, userId, query, clock.now()))),
      {
        query: HistoryParams,
        response: History,
        detail: { ...LOGGED_IN, summary: 'Your earnings by hour, day, week or month' },
      },
    )
}

const LOGGED_IN = { security: [{ bearer: [] }] }

/** A value; an error leaves by a throw, since that is the framework's way out. */
function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new AppException(result.error)
  return result.value
}
