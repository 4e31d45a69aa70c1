import { t } from 'elysia'
import { HISTORY_LIMIT } from '../domain/history.ts'
import { SCORE_STATES } from '../domain/score.ts'
import { INTERVALS } from '../domain/store.ts'

/*
 * What the board's routes take and give, for the OpenAPI page and for checking. Amounts are micropoints
 * (1,000,000 make a point) as decimal text, times milliseconds since the Unix epoch.
 */

const millis = t.Integer({ description: 'milliseconds since the Unix epoch', examples: [1766000000000] })
const amount = t.String({ pattern: '^-?[0-9]+$', description: 'micropoints', examples: ['49996800'] })
const rate = t.Integer({ minimum: 0, description: 'micropoints a second', examples: [13888] })
const count = t.Integer({ minimum: 0 })
const word = <const Words extends readonly string[]>(words: Words, description: string) =>
  t.Unsafe<Words[number]>(
    t.Union(
      words.map((w) => t.Literal(w)),
      { description },
    ),
  )

const Growing = t.Object(
  { base: amount, rate_per_second: rate, as_of: millis },
  { description: 'base + rate_per_second x (now - as_of) / 1000 micropoints' },
)

const NetworkState = t.Object({
  loss: t.Number({ description: 'packets lost in the last report, percent', examples: [0.5] }),
  rtt: t.Number({ description: 'round trip in the last report, ms', examples: [42.5] }),
  bytes_in: t.Integer({ description: 'bytes received since the device connected' }),
  bytes_out: t.Integer({ description: 'bytes sent since the device connected' }),
})

export const Device = t.Object({
  device_id: t.String({ examples: ['laptop-1'] }),
  name: t.String({ examples: ['Laptop'] }),
  address: t.String({ examples: ['203.0.113.7'] }),
  country: t.Nullable(t.String({ description: 'ISO 3166-1 alpha-2, an estimate', examples: ['DE'] })),
  status: word(['online', 'offline'], 'whether a socket holds it'),
  earning: word(
    ['earning', 'duplicate_ip', 'address_limit', 'offline'],
    'whether it earns, and if not, why: another device came first at its public address, or the user earns at five addresses already',
  ),
  score: t.Nullable(t.Integer({ minimum: 0, maximum: 1000, examples: [742] })),
  score_state: word(
    SCORE_STATES,
    'established after 10 reports and 15 minutes; until then it earns at the floor',
  ),
  paid_score: t.Integer({
    description: 'the score that its rate follows from while it earns',
    examples: [740],
  }),
  parts: t.Nullable(
    t.Object(
      { uptime: count, loss: count, latency: count, stability: count },
      { description: 'of the last report, at most 400, 250, 200 and 150' },
    ),
  ),
  networks: t.Record(t.String(), NetworkState),
  first_seen_at: millis,
  connected_at: millis,
  last_seen_at: millis,
  points: Growing,
})

export const Devices = t.Object({ devices: t.Array(Device) })

const bySource = t.Object({ network: amount })

export const Earnings = t.Object({
  as_of: millis,
  total: amount,
  settled: amount,
  provisional: amount,
  rate_per_second: rate,
  by_source: bySource,
  devices: count,
  devices_online: count,
  devices_earning: count,
})

const interval = word(INTERVALS, 'UTC; weeks begin on Monday')

/**
 * Bounds are checked by `planHistory`, whose errors name the field; those of coerced numbers here would not.
 */
export const HistoryParams = t.Object({
  interval: t.Optional({ ...interval, error: `interval must be one of ${INTERVALS.join(', ')}` }),
  from: t.Optional(t.Integer({ description: 'first instant, ms', examples: [1765900000000] })),
  to: t.Optional(t.Integer({ description: 'end, exclusive, ms', examples: [1766000000000] })),
  cursor: t.Optional(
    t.String({ maxLength: 64, description: 'next of the page before; stands for from and to' }),
  ),
  limit: t.Optional(
    t.Integer({
      description: `intervals a page, 1 to ${HISTORY_LIMIT.max}`,
      default: HISTORY_LIMIT.default,
      examples: [HISTORY_LIMIT.default],
    }),
  ),
})

export const History = t.Object({
  interval,
  items: t.Array(
    t.Object({
      from: millis,
      to: millis,
      total: amount,
      settled: amount,
      provisional: amount,
      by_source: bySource,
    }),
    { description: 'oldest first; also intervals without earnings, so that a chart has no gaps' },
  ),
  next: t.Nullable(t.String({ description: 'cursor of the next page; null on the last one' })),
})
