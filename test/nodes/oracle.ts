import { expect } from 'bun:test'
import { canonicalJson, isJsonObject } from '../../src/core/json.ts'
import { until } from '../e2e/cluster-server.ts'
import { openLoggedIn } from '../e2e/raw-socket.ts'
import { snapshot, storedEvents } from '../e2e/what-is-there.ts'
import type { LocalNode } from './local-cluster.ts'
import type { Reader } from './reader.ts'

/** A change that was acknowledged, and when (ms, monotonic). Its id is that of a device that came online. */
export type Acknowledged = { readonly id: string; readonly at: number }

/**
 * Holds a reader and what was acknowledged to its user against the primary's database: the reader ends equal
 * to it, every event came once and in order, and whatever was acknowledged is there once. Only where the
 * reader was told of a loss may it have seen what is not there. Answers the acknowledged changes that are not
 * there.
 */
export async function holdAgainst(
  primary: LocalNode,
  reader: Reader,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Acknowledged[]> {
  await equalAtRest(primary, reader)
  const stored = storedEvents(primary.database, reader.user())
  // Not the epoch: a position in one reign is one in the next, too.
  const text = ({ seq, data }: (typeof stored)[number] | Reader['events'][number]) =>
    `${seq} ${canonicalJson(data)}`
  // From where its stream began, at first or anew after it was told of a loss, nothing is missing.
  const begin = reader.stream()
  const there = stored.filter(({ seq }) => seq > (begin?.seq ?? 0)).map(text)
  const seen = () => reader.events.slice(begin?.seen ?? 0).map(text)
  await until(async () => (seen().length >= there.length ? true : null)).catch(() => {})
  expect(seen()).toEqual(there)
  if (reader.resyncs() === 0) expect(begin?.seen).toBe(0)
  const online = stored.flatMap(({ data }) =>
    isJsonObject(data) && data.kind === 'device_online' ? [String(data.device_id)] : [],
  )
  // There once, whether acknowledged or not.
  expect(new Set(online).size).toBe(online.length)
  const known = new Set(online)
  // Whoever saw a change that is no more was told.
  const sawLost = reader.events.some(({ device }) => device !== null && !known.has(device))
  if (sawLost) expect(reader.resyncs()).toBeGreaterThan(0)
  return acknowledged.filter(({ id }) => !known.has(id))
}

/**
 * Waits until a reader has what somebody new is given by the primary; throws with both when that never comes.
 */
async function equalAtRest(primary: LocalNode, reader: Reader): Promise<void> {
  const socket = await openLoggedIn(`${primary.socketUrl}/ws?format=json`, reader.key)
  let values: readonly string[] = []
  await until(async () => {
    values = [await snapshot(socket, 'rewards.summary'), await snapshot(socket, 'rewards.networks')].map(
      (value) => canonicalJson(value),
    )
    return reader.isLive() && canonicalJson([...reader.values()]) === canonicalJson([...values]) ? true : null
  }).catch(() =>
    expect({ values: reader.values(), state: reader.state() }).toEqual({
      values: [...values],
      state: reader.state(),
    }),
  )
  // Nobody stays online for ever, however its process ended; a new primary takes nobody for dead at once.
  await until(
    async () =>
      /"status":"online"/.test(canonicalJson(await snapshot(socket, 'rewards.networks'))) ? null : true,
    40_000,
  )
  socket.close()
}
