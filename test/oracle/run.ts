import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { DEFAULT_LIMITS, type EngineLimits } from '../../src/live/limits.ts'
import type { Session } from '../../src/live/model.ts'
import type { Engine } from '../../src/live/types.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { PLAIN_KEYS, randomPatch } from '../support/documents.ts'
import { manualClock } from '../support/journal.ts'
import { manualTimers } from '../support/manual-timers.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { judge } from './judge.ts'
import { SimClient } from './sim-client.ts'
import { startEngine } from './start-engine.ts'
import { Socket, Wire } from './wire.ts'
import { isStream, keyOf, USERS, World } from './world.ts'

const CHANNELS: readonly string[] = ['shared', 'mine', 'log', 'inbox']

/** Channels of two workspaces and with parameters, one of which needs every kind of escape. */
const WIDE_CHANNELS: readonly string[] = [
  ...['shared', 'mine', 'log', 'desk/shared', 'desk/mine', 'desk/log', 'book:a', 'book:b', 'book:c\\:d/e'],
  ...['desk/book:a', 'orders:a', 'desk/orders:a', 'trades:a', 'trades:b', 'desk/trades:a'],
]

/** From this seed on the storage goes away at times; seeds below it run as they always did. */
export const AWAY_FROM = 1_000_000

/** From this seed on there are several workspaces and channels with parameters too. */
export const WIDE_FROM = 2_000_000

/** How much slower time passes for feeds than for clients, by seed: then more rows go into one update. */
const SLOWNESS = [1, 8, 100]

/** How often each kind of event happened, so that a run shows that it met them. */
export type Counts = { [what: string]: number }

/**
 * Runs one random simulation of a server and its clients: changes, ticks, drops, stalls, disconnects, old
 * cursors, pruning, restarts, lost suffixes, unavailable storage. Throws when a guarantee is broken, on the
 * way or when everything has come to rest.
 */
export async function live(seed: number, steps: number, counts: Counts): Promise<void> {
  const simulation = new Simulation(
    seeded(seed),
    counts,
    seed >= AWAY_FROM,
    seed >= WIDE_FROM ? WIDE_CHANNELS : CHANNELS,
    SLOWNESS[seed % SLOWNESS.length] ?? 1,
  )
  for (let step = 0; step < steps; step++) await simulation.step()
  await simulation.rest()
}

class Simulation {
  readonly world = new World()
  readonly clock = manualClock()
  readonly timers = manualTimers()
  readonly wire = new Wire(() => this.world.truth)
  readonly clients: { client: SimClient; socket: Socket; session: Session<Socket> | null }[]
  engine: Engine<Socket>
  #limits: EngineLimits
  /** Position up to which rows were delivered to the engine. */
  #tail = 0

  constructor(
    readonly random: Seeded,
    readonly counts: Counts,
    goesAway: boolean,
    readonly channels: readonly string[],
    readonly slowness: number,
  ) {
    this.#goesAway = goesAway
    this.#isCalm = random.oneIn(2)
    this.#dropping = !this.#isCalm
    this.#limits = {
      ...DEFAULT_LIMITS,
      bufferedBytes: 100 + random.int(1500),
      messages: { rate: 1e6, burst: 1e6 },
      documents: 1 + random.int(3),
      marks: random.pick([1, 3, 10, 1000]),
      resumeRows: random.pick([1, 2, 5, 1000]),
      checksumEvery: 1 + random.int(4),
      deferred: 3,
    }
    this.wire.dropsNext = () => this.#dropping && random.oneIn(8) && this.#count('drop')
    this.world.openEpoch(random.int(2 ** 31), this.clock.now())
    this.engine = this.#start()
    this.clients = Array.from({ length: 1 + random.int(4) }, (_, index) => {
      const format = random.pick(['json', 'msgpack', 'packed'] as const)
      const type = random.pick(['web', 'tui'] as const)
      const client = new SimClient(`c${index}`, random.pick(USERS), format, type, this.#isCalm, (what) =>
        this.#count(what),
      )
      for (const name of this.channels) if (!random.oneIn(3)) client.wants.add(name)
      client.wants.add('shared')
      return { client, socket: new Socket(), session: null }
    })
  }

  /** Half of the simulations are without drops; in those no client may ever find a gap. */
  #isCalm: boolean
  #dropping: boolean
  #goesAway: boolean
  #slow = 0

  async step(): Promise<void> {
    const passed = this.random.int(120)
    this.clock.time += passed
    this.timers.time += passed / this.slowness
    const one = this.random.pick(this.clients)
    if (this.#goesAway && this.random.oneIn(20)) {
      if (this.world.isAway) this.#attach()
      else this.#detach()
      await this.#settle()
    }
    switch (this.random.int(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        this.#commit(1 + this.random.int(4))
        break
      case 5:
      case 6:
      case 7:
        if (!this.world.isAway) this.#tell(this.random.oneIn(2) ? 1000 : 1 + this.random.int(3))
        break
      case 8:
      case 9:
        this.timers.pass(FLUSH_INTERVAL.web)
        break
      case 10:
      case 11:
        this.timers.pass(FLUSH_INTERVAL.tui)
        break
      case 12:
        this.#read(one, 1 + this.random.int(4))
        break
      case 13:
      case 14:
      case 15:
        for (const each of this.clients) this.#read(each, 1000)
        break
      case 16:
        one.socket.isStalled = !one.socket.isStalled
        if (!one.socket.isStalled) this.#read(one, 1000)
        if (this.random.oneIn(2) && one.session !== null) this.engine.drained(one.session)
        break
      case 17:
        this.clock.time += this.random.pick([10, 3000, 11_000])
        for (const { session, client } of this.clients) if (session !== null) client.heartbeat()
        this.#hearAll()
        this.engine.sweep()
        break
      case 18:
        this.#disconnect(one)
        break
      case 19:
      case 20:
        if (one.session === null) this.#connect(one)
        else if (!this.#isCalm || this.#hasReadAll(one)) this.#ask(one.client)
        break
      case 21:
        // Seldom beyond the rows that the tail has read, which the engine must notice.
        this.world.prune(
          Math.min(
            this.world.pruned + this.random.int(12),
            this.random.oneIn(8) ? this.world.seq : this.#tail,
          ),
        )
        break
      case 22:
        if (this.random.oneIn(3)) this.#restart()
        break
      default:
        if (this.random.oneIn(4)) this.#failOver()
        else this.#commit(12)
    }
    await this.#settle()
    const { slow } = this.engine.stats()
    if (slow > this.#slow) this.#count('slow')
    this.#slow = slow
  }

  /** Delivers everything and lets every client read; then each must have what the server has. */
  async rest(): Promise<void> {
    this.#dropping = false
    if (this.world.isAway) this.#attach()
    for (let round = 0; round < 12; round++) {
      // A last change of each channel shows clients that they missed the one before.
      if (round === 2) this.#commitEverywhere()
      for (const each of this.clients) {
        each.socket.isStalled = false
        if (each.session === null) this.#connect(each)
      }
      await this.#settle()
      this.#tell(1000)
      this.timers.pass(FLUSH_INTERVAL.web)
      for (const each of this.clients) this.#read(each, 10_000)
      this.engine.sweep()
      await this.#settle()
    }
    for (const { client } of this.clients) judge(client, this.world)
  }

  #start(): Engine<Socket> {
    this.#tail = this.world.seq
    return startEngine(this.world, this.wire, this.clock, this.timers, {
      limits: this.#limits,
      defect(cause) {
        throw cause instanceof Error ? cause : new Error(String(cause))
      },
    })
  }

  #commit(count: number): void {
    for (let n = 0; n < count; n++) {
      const name = this.random.pick(this.channels)
      this.#commitTo(name, this.random.pick(USERS))
    }
  }

  #commitTo(name: string, user: string): void {
    const channel = keyOf(name, user)
    const at = this.clock.now()
    if (!isStream(name)) this.world.patch(channel, randomPatch(this.random, PLAIN_KEYS), at)
    else {
      const type = name === 'inbox' ? 'message' : 'notification'
      this.world.event({ channel, type, data: { n: this.random.int(1000) } }, at)
    }
  }

  #commitEverywhere(): void {
    for (const name of this.channels) for (const user of USERS) this.#commitTo(name, user)
  }

  #tell(limit: number): void {
    const rows = this.world.after(this.#tail, limit)
    this.engine.apply(rows)
    this.#tail = rows[rows.length - 1]?.seq ?? this.#tail
  }

  #connect(one: (typeof this.clients)[number]): void {
    one.socket = new Socket()
    if (one.client.canRestore && this.random.oneIn(4)) {
      // A tab that was suspended and comes back with what it had.
      one.client.restore()
      this.#count('old tab')
    }
    one.client.connected((epoch, seq) => this.world.knows(epoch, seq))
    one.session = this.engine.open(one.socket, {
      format: one.client.format,
      clientType: one.client.clientType,
      origin: 'test',
      address: '127.0.0.1',
      operator: false,
      workspace: DEFAULT_WORKSPACE,
      preset: [],
    })
    this.#count('connect')
  }

  #disconnect(one: (typeof this.clients)[number]): void {
    if (one.session === null) return
    if (this.random.oneIn(2)) this.#read(one, this.random.int(20))
    const { session } = one
    one.session = null
    if (session === null) return
    if (this.random.oneIn(3)) one.client.save()
    this.engine.closed(session)
    if (one.socket.topics.size > 0) throw new Error('closed, but still on a topic')
    this.#count('disconnect')
  }

  /** Lets the client read; a socket that the server closed is gone once it is read. */
  #read(one: (typeof this.clients)[number], most: number): void {
    if (one.session === null || one.socket.isStalled) return
    for (const item of one.socket.items.splice(0, most)) one.client.read(item, this.world)
    if (one.socket.closedWith !== null && one.socket.items.length === 0) {
      this.#count(`closed ${one.socket.closedWith}`)
      const { session } = one
      one.session = null
      this.engine.closed(session)
    }
  }

  /**
   * Returns whether the client has read everything: if frames are under way, the answer to a new request may
   * be older than those.
   */
  #hasReadAll(one: (typeof this.clients)[number]): boolean {
    this.#read(one, 1000)
    // The same holds for a request while the storage is away.
    return one.session !== null && one.socket.items.length === 0 && !this.world.isAway
  }

  #hearAll(): void {
    for (const { client, session, socket } of this.clients) {
      const frames = client.out
      client.out = []
      if (session === null || socket.closedWith !== null) continue
      for (const frame of frames) this.engine.receive(session, frame)
    }
  }

  #ask(client: SimClient): void {
    const name = this.random.pick(this.channels)
    switch (this.random.int(4)) {
      case 0:
        if (name !== 'shared') client.unsubscribe(name)
        break
      case 1:
        if (!isStream(name)) client.refresh(name)
        break
      default:
        client.askFor([name, ...client.wants].slice(0, 1 + this.random.int(3)), this.random.oneIn(4))
    }
  }

  /** Takes the storage away; other nodes may continue to write to it. */
  #detach(): void {
    this.world.isAway = true
    this.engine.suspend()
    if (this.random.oneIn(2)) this.engine.stale(this.clock.now())
    this.#count('suspend')
  }

  /**
   * Brings the storage back, perhaps without its end: first the tail catches up, then deferred messages run.
   */
  #attach(): void {
    this.world.isAway = false
    if (this.random.oneIn(4)) this.#failOver()
    else this.#tell(1000)
    this.engine.resume()
    this.engine.fresh()
    this.#count('resume')
  }

  #restart(): void {
    if (this.world.isAway) this.#attach()
    for (const each of this.clients) this.#disconnect(each)
    if (this.random.oneIn(2)) this.#lose()
    // Both orders occur: the writer opens its epoch before or after the engine starts.
    const engineFirst = this.random.oneIn(2)
    if (engineFirst) this.engine = this.#start()
    this.world.openEpoch(this.random.int(2 ** 31), this.clock.now())
    if (!engineFirst) this.engine = this.#start()
    else if (this.#isCalm) this.#tell(1000)
    this.#count('restart')
  }

  /**
   * Another node takes over, as seen by a replica, with or without all that was committed; the sockets stay
   * open.
   */
  #failOver(): void {
    if (this.world.isAway) return
    const isLost = this.random.oneIn(2)
    // Otherwise a client may know more of the old epoch than the tail, and has to ask.
    if (this.#isCalm) this.#tell(1000)
    if (isLost) this.#lose()
    this.world.openEpoch(this.random.int(2 ** 31), this.clock.now())
    this.#count('fail-over')
    if (!isLost) {
      if (this.#isCalm) this.#tell(1000)
      return
    }
    const epochs = this.world.epochs
    const knows = (epoch: number, seq: number) => {
      const index = epochs.findIndex((each) => each.epoch === epoch)
      const next = epochs[index + 1]
      return index >= 0 && (next === undefined || seq < next.firstSeq)
    }
    for (const { socket, session } of this.clients)
      if (session !== null) socket.items.push({ type: 'lost', knows })
    this.#tail = this.world.seq
    this.engine.resync('the end of the journal was lost')
  }

  #lose(): void {
    this.world.lose(this.world.seq - this.random.int(15))
    this.#count('lost suffix')
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      this.#hearAll()
      await Promise.resolve()
      await Promise.resolve()
    }
  }

  #count(what: string): true {
    this.counts[what] = (this.counts[what] ?? 0) + 1
    return true
  }
}
