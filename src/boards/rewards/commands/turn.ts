import type { Millis } from '../../../core/clock.ts'
import type { ChannelEvent, ChannelPatch, Decision } from '../../../core/command.ts'
import type { DeviceId, UserId } from '../../../core/ids.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import { escapeSegment } from '../../../core/path.ts'
import { ACTIVITY, EARNINGS, NETWORKS, NOTIFICATION, SUMMARY, sharedKey, userKey } from '../channels/names.ts'
import {
  arrivalFields,
  countryFields,
  deviceFields,
  EMPTY_NETWORK,
  earningsDocument,
  emptyAccount,
  networkFields,
  sampleFields,
} from '../domain/documents.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type {
  AccountRow,
  ArrivalRow,
  CountryRow,
  DeviceKey,
  DeviceRow,
  NetworkRow,
  RewardsStore,
} from '../domain/store.ts'
import { PatchWriter } from './patch-writer.ts'

/**
 * A device's rows, and whether only its sample has changed: the usual turn, for which a shorter comparison
 * does.
 */
type DeviceChange = Change<DeviceRow> & { readonly sampleOnly: boolean }

/** A row as it was before the command, and as it is now; null where there is none. */
type Change<Row> = { readonly before: Row | null; now: Row | null }

/**
 * One command's work. Devices are written at once, since queries of the store must see them; sums are kept
 * here and written once at the end, however often they change. The patches are the differences between the
 * rows' documents before and after, so a patched document is the loaded one by construction.
 */
export class Turn {
  readonly store: RewardsStore
  readonly rules: RewardsRules
  /** When the command was accepted. */
  readonly at: Millis
  readonly #devices = new Map<UserId, Map<DeviceId, DeviceChange>>()
  readonly #accounts = new Map<UserId, Change<AccountRow>>()
  readonly #countries = new Map<string, Change<CountryRow>>()
  /** Null: dropped. */
  readonly #arrivals = new Map<number, ArrivalRow | null>()
  readonly #events: ChannelEvent[] = []
  #network: Change<NetworkRow> | null = null
  /** Whether users hear of what happens beside their documents. */
  muted = false

  constructor(store: RewardsStore, rules: RewardsRules, at: Millis) {
    this.store = store
    this.rules = rules
    this.at = at
  }

  /** The network's sums as they stand in this turn. */
  get network(): NetworkRow {
    this.#network ??= { before: this.store.network(), now: null }
    return this.#network.now ?? this.#network.before ?? EMPTY_NETWORK
  }

  set network(row: NetworkRow) {
    this.#network ??= { before: this.store.network(), now: null }
    this.#network.now = row
  }

  account(user: UserId): AccountRow {
    const change = this.#accountChange(user)
    return change.now ?? emptyAccount(user)
  }

  setAccount(row: AccountRow): void {
    this.#accountChange(row.userId).now = row
  }

  /** Whether this user had a device before this turn. */
  hadAccount(user: UserId): boolean {
    return this.#accountChange(user).before !== null
  }

  country(country: string): CountryRow {
    return this.#countryChange(country).now ?? { country, online: 0, rate: 0 }
  }

  setCountry(row: CountryRow): void {
    this.#countryChange(row.country).now = row
  }

  /** Writes a device; `before` is its row as read in this turn, null for a new one. */
  putDevice(before: DeviceRow | null, now: DeviceRow): void {
    if (before === null) this.store.addDevice(now)
    else this.store.saveDevice(now)
    this.#noteDevice(now, before, now, false)
  }

  /**
   * Writes a device of which only what a report changes has changed; not together with {@link putDevice} of
   * the same device.
   */
  putSample(before: DeviceRow, now: DeviceRow): void {
    this.store.saveSample(now, now)
    this.#noteDevice(now, before, now, true)
  }

  dropDevice(row: DeviceRow): void {
    this.store.dropDevice(row)
    this.#noteDevice(row, row, null, false)
  }

  /** Adds to the arrivals and drops the one that is no longer among the newest. */
  arrive(arrival: ArrivalRow): void {
    this.store.addArrival(arrival)
    this.#arrivals.set(arrival.n, arrival)
    const oldest = arrival.n - this.rules.arrivals
    if (oldest < 1) return
    this.store.dropArrival(oldest)
    this.#arrivals.set(oldest, null)
  }

  /** Tells a user what happened; goes to the stream `rewards.activity`. */
  notify(user: UserId, data: JsonObject): void {
    if (this.muted) return
    const channel = userKey(ACTIVITY, this.rules.workspace, user)
    this.#events.push({ channel, type: NOTIFICATION, data })
  }

  /** Writes the sums and says what changed. The turn ends with it. */
  finish(value: Json): Decision {
    const patches: ChannelPatch[] = []
    this.#finishAccounts(patches)
    this.#finishNetworks(patches)
    this.#finishSummary(patches)
    return { ok: true, value, patches, events: this.#events }
  }

  #finishAccounts(patches: ChannelPatch[]): void {
    for (const [user, { before, now }] of this.#accounts) {
      if (now === null || now === before) continue
      this.store.saveAccount(now)
      const patch = new PatchWriter()
      patch.document(earningsDocument(before ?? emptyAccount(user)), earningsDocument(now))
      if (!patch.isEmpty) {
        patches.push({ channel: userKey(EARNINGS, this.rules.workspace, user), patch: patch.take() })
      }
    }
  }

  #finishNetworks(patches: ChannelPatch[]): void {
    for (const [user, devices] of this.#devices) {
      const patch = new PatchWriter()
      for (const [id, { before, now, sampleOnly }] of devices) {
        // Both hold an object (`networks`), so the writer compares them field by field and never sets the
        // part for the whole.
        const fields = sampleOnly ? sampleFields : deviceFields
        const json = (row: DeviceRow | null) => (row === null ? undefined : fields(row, this.rules))
        patch.difference(`devices.${escapeSegment(id)}`, json(before), json(now))
      }
      if (patch.isEmpty) continue
      patches.push({ channel: userKey(NETWORKS, this.rules.workspace, user), patch: patch.take() })
    }
  }

  #finishSummary(patches: ChannelPatch[]): void {
    const patch = new PatchWriter()
    const network = this.#network
    if (network?.now && network.now !== network.before) {
      this.store.saveNetwork(network.now)
      patch.document(networkFields(network.before ?? EMPTY_NETWORK), networkFields(network.now))
    }
    for (const [country, { before, now }] of this.#countries) {
      if (now === null || now === before) continue
      this.store.saveCountry(now)
      const after = now.online === 0 ? undefined : countryFields(now)
      patch.difference(`countries.${country}`, before === null ? undefined : countryFields(before), after)
    }
    for (const [n, arrival] of this.#arrivals) {
      if (arrival === null) patch.difference(`arrivals.${n}`, null, undefined)
      else patch.difference(`arrivals.${n}`, undefined, arrivalFields(arrival))
    }
    if (!patch.isEmpty)
      patches.push({ channel: sharedKey(SUMMARY, this.rules.workspace), patch: patch.take() })
  }

  #noteDevice(
    { userId, id }: DeviceKey,
    before: DeviceRow | null,
    now: DeviceRow | null,
    sampleOnly: boolean,
  ): void {
    let devices = this.#devices.get(userId)
    if (devices === undefined) {
      devices = new Map()
      this.#devices.set(userId, devices)
    }
    const change = devices.get(id)
    if (change === undefined) devices.set(id, { before, now, sampleOnly })
    else change.now = now
  }

  #accountChange(user: UserId): Change<AccountRow> {
    let change = this.#accounts.get(user)
    if (change === undefined) {
      const before = this.store.account(user)
      change = { before, now: before }
      this.#accounts.set(user, change)
    }
    return change
  }

  #countryChange(country: string): Change<CountryRow> {
    let change = this.#countries.get(country)
    if (change === undefined) {
      const before = this.store.country(country)
      change = { before, now: before }
      this.#countries.set(country, change)
    }
    return change
  }
}
