import { canonicalJson } from '../../src/core/json.ts'
import { applyPatch } from '../../src/core/patch.ts'
import { DEFAULT_LIMITS, type EngineLimits } from '../../src/live/limits.ts'
import type { Session } from '../../src/live/model.ts'
import type { Engine } from '../../src/live/types.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { PLAIN_KEYS, randomPatch } from '../support/documents.ts'
import { manualClock } from '../support/journal.ts'
import { manualTimers } from '../support/manual-timers.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { EphemeralClient } from './ephemeral-client.ts'
import { ADDRESSES, EphemeralBoard, EphemeralTruth, priceKey, WORKSPACE } from './ephemeral-truth.ts'
import type { Counts } from './run.ts'
import { type SimEnd, SimRelay } from './sim-relay.ts'
import { startEngine } from './start-engine.ts'
import { Socket, Wire } from './wire.ts'
import { World } from './world.ts'

/** One serving process: its engine, its board and its end of the relay. */
type Process = {
  readonly number: number
  readonly engine: Engine<Socket>
  readonly board: EphemeralBoard
  readonly end: SimEnd
}

type Connection = {
  readonly client: EphemeralClient
  socket: Socket
  session: Session<Socket> | null
  process: number
}

/**
 * Runs one random simulation of several processes that publish ephemeral channels and read those of others:
 * patches, ticks, lost texts, cuts, restarts, publishers that begin and end, slow readers, clients that
 * change the process. Throws when the document of a client is not that of its publisher at the same position,
 * or when, after the time in which silence is noticed, a client is neither up to date nor told `stale`.
 */
export async function liveEphemeral(seed: number, steps: number, counts: Counts): Promise<void> {
  const life = new EphemeralLife(seeded(seed), counts)
  for (let step = 0; step < steps; step++) life.step()
  life.judgeUnderCuts()
  life.judgeHealed()
}

class EphemeralLife {
  readonly clock = manualClock()
  readonly timers = manualTimers()
  readonly relay = new SimRelay()
  readonly truth = new EphemeralTruth()
  readonly world = new World()
  readonly #limits: EngineLimits
  #processes: Process[]
  readonly #connections: Connection[]
  #isLossy: boolean

  constructor(
    readonly random: Seeded,
    readonly counts: Counts,
  ) {
    this.world.openEpoch(7, this.clock.now())
    this.#isLossy = random.oneIn(2)
    this.relay.losesNext = () => this.#isLossy && random.oneIn(6) && this.#count('lost text')
    this.#limits = {
      ...DEFAULT_LIMITS,
      bufferedBytes: 100 + random.int(1500),
      messages: { rate: 1e6, burst: 1e6 },
      marks: random.pick([1, 3, 1000]),
      checksumEvery: 1 + random.int(3),
    }
    this.#processes = Array.from({ length: 1 + random.int(3) }, (_, number) => this.#start(number))
    this.#connections = Array.from({ length: 1 + random.int(4) }, (_, index) => {
      const format = random.pick(['json', 'msgpack', 'packed'] as const)
      const type = random.pick(['web', 'tui'] as const)
      const client = new EphemeralClient(`c${index}`, format, type, this.truth, (what) => this.#count(what))
      for (const address of ADDRESSES) if (random.oneIn(2)) client.wants.add(address)
      // A session without channel and login would be closed.
      client.wants.add(ADDRESSES[0])
      return { client, socket: new Socket(), session: null, process: 0 }
    })
  }

  step(): void {
    const { random } = this
    const passed = random.int(150)
    this.clock.time += passed
    this.timers.time += passed
    const one = random.pick(this.#connections)
    const process = random.pick(this.#processes)
    switch (random.int(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        // Mostly the same publisher, at times another one at the same time.
        for (let n = random.int(4); n >= 0; n--)
          this.#publish(random.oneIn(8) ? process : this.#at(0), random.pick(ADDRESSES))
        break
      case 5:
      case 6:
      case 7:
        this.relay.deliver(random, 1 + random.int(10))
        break
      case 8:
      case 9:
        process.engine.relayPending()
        this.timers.pass(random.pick([FLUSH_INTERVAL.web, FLUSH_INTERVAL.tui]))
        break
      case 10:
        for (const each of this.#connections) this.#read(each, 1000)
        break
      case 11:
        this.#read(one, 1 + random.int(3))
        break
      case 12:
        this.#second(1)
        break
      case 13:
        one.socket.isStalled = !one.socket.isStalled
        break
      case 14:
        if (one.session === null) this.#connect(one)
        else if (random.oneIn(2)) this.#disconnect(one)
        break
      case 15:
        if (one.session !== null && one.socket.closedWith === null) this.#ask(one.client)
        break
      case 16:
        if (random.oneIn(2)) {
          this.relay.cut(random.int(this.#processes.length), random.int(this.#processes.length))
          this.#count('cut')
        } else this.relay.heal()
        break
      case 17:
        if (random.oneIn(3)) this.#restart(process.number)
        break
      case 18:
        if (random.oneIn(3)) this.#unpublish(process, random.pick(ADDRESSES))
        break
      default:
        if (random.oneIn(2)) this.#second(1 + random.int(9))
    }
    this.#hearAll()
  }

  /**
   * Checks all clients when no text is lost any more, but cuts remain: after the time in which silence is
   * noticed, each is up to date or was told `stale`.
   */
  judgeUnderCuts(): void {
    this.#rest()
    for (const { client, process } of this.#connections) this.#judge(client, process)
  }

  judgeHealed(): void {
    this.relay.heal()
    this.#rest()
    for (const { client, process } of this.#connections) this.#judge(client, process)
    this.#leaveAll()
  }

  /** Checks that neither values nor topics are left without readers. */
  #leaveAll(): void {
    for (const each of this.#connections) this.#disconnect(each)
    for (const { engine, board, end } of this.#processes) {
      const { channels, documents, ephemeral, sessions } = engine.stats()
      const left = { channels, documents, sessions, ephemeral, topics: end.topics }
      const wanted = { channels: 0, documents: 0, sessions: 0, ephemeral: board.published.size, topics: 2 }
      if (canonicalJson(left) !== canonicalJson(wanted))
        throw new Error(`something is left: ${JSON.stringify(left)}, not ${JSON.stringify(wanted)}`)
    }
  }

  #judge(client: EphemeralClient, process: number): void {
    if (!client.isAnswered) throw new Error(`${client.name}: never answered`)
    for (const address of client.wants) {
      const { replica, isStale, isTold } = client.of(address)
      const publisher = this.#publisherFor(process, address)
      const expected = publisher?.board.values.get(address)
      const what = `${client.name} at process ${process}: ${address}`
      if (!isTold) throw new Error(`${what}: neither a document nor stale`)
      if (expected === undefined) {
        if (!isStale) throw new Error(`${what}: nobody publishes it, but it was not told that it is stale`)
      } else if (isStale) throw new Error(`${what}: its publisher is there, but it was told that it is stale`)
      else if (canonicalJson(replica.value) !== canonicalJson(expected))
        throw new Error(
          `${what}: differs at rest: ${JSON.stringify(replica.value)}, not ${JSON.stringify(expected)}`,
        )
    }
  }

  /** Returns the publisher that began last of those that a process can hear, itself included. */
  #publisherFor(process: number, address: string): Process | undefined {
    const heard = this.#processes.filter(
      ({ number, board }) =>
        board.published.has(address) && (number === process || !this.relay.isCut(number, process)),
    )
    const newest = (one: Process, other: Process) => {
      const [a, b] = [one.board.published.get(address), other.board.published.get(address)]
      return (b?.begun ?? 0) - (a?.begun ?? 0) || (b?.epoch ?? 0) - (a?.epoch ?? 0)
    }
    return heard.sort(newest)[0]
  }

  #rest(): void {
    this.#isLossy = false
    for (let round = 0; round < 16; round++) {
      for (const each of this.#connections) {
        each.socket.isStalled = false
        if (each.session === null) this.#connect(each)
      }
      this.#second(1)
      for (let turn = 0; turn < 6; turn++) {
        this.#hearAll()
        this.relay.deliver(this.random, 10_000)
        for (const { engine } of this.#processes) engine.relayPending()
        this.timers.pass(FLUSH_INTERVAL.web)
        for (const each of this.#connections) this.#read(each, 10_000)
      }
    }
  }

  #start(number: number): Process {
    const board = new EphemeralBoard()
    const end = this.relay.join(number)
    const engine = startEngine(this.world, new Wire(() => this.world.truth), this.clock, this.timers, {
      limits: this.#limits,
      relay: end,
      sources: board.sources,
      random: { bytes: (length) => Uint8Array.from({ length }, () => this.random.int(256)) },
      defect(cause) {
        throw cause instanceof Error ? cause : new Error(String(cause))
      },
    })
    return { number, engine, board, end }
  }

  #at(number: number): Process {
    const process = this.#processes[number]
    if (process === undefined) throw new Error(`no process ${number}`)
    return process
  }

  #publish({ engine, board }: Process, address: string): void {
    const patch = randomPatch(this.random, PLAIN_KEYS)
    const value = applyPatch(board.values.get(address) ?? {}, patch)
    board.values.set(address, value)
    const published = engine.publish(priceKey(address), patch)
    if (!published.ok) throw new Error(published.error.message)
    const { epoch, seq } = published.value
    if (!board.published.has(address)) board.published.set(address, { begun: this.clock.now(), epoch })
    this.truth.note(address, epoch, seq, value)
    this.#count('publish')
  }

  #unpublish({ engine, board }: Process, address: string): void {
    if (board.published.delete(address)) this.#count('unpublish')
    engine.unpublish(priceKey(address))
  }

  #restart(number: number): void {
    for (const each of this.#connections) if (each.process === number) this.#disconnect(each)
    this.relay.leave(number)
    this.#processes = this.#processes.map((process) =>
      process.number === number ? this.#start(number) : process,
    )
    this.#count('restart')
  }

  /** Lets seconds pass, with everything that is due in them. */
  #second(count: number): void {
    for (let n = 0; n < count; n++) {
      this.clock.time += 1000
      for (const { client, session } of this.#connections) if (session !== null) client.heartbeat()
      this.#hearAll()
      for (const { engine } of this.#processes) engine.sweep()
      if (this.random.oneIn(2)) this.relay.deliver(this.random, 1000)
    }
  }

  #connect(one: Connection): void {
    one.socket = new Socket()
    one.process = this.random.int(this.#processes.length)
    one.session = this.#at(one.process).engine.open(one.socket, {
      format: one.client.format,
      clientType: one.client.clientType,
      origin: 'test',
      address: '127.0.0.1',
      operator: false,
      workspace: WORKSPACE,
      preset: [],
    })
    one.client.connected()
    this.#count('connect')
  }

  #disconnect(one: Connection): void {
    const { session } = one
    one.session = null
    if (session === null) return
    this.#at(one.process).engine.closed(session)
    if (one.socket.topics.size > 0) throw new Error('closed, but still on a topic')
  }

  #ask(client: EphemeralClient): void {
    const address = this.random.pick(ADDRESSES)
    if (this.random.oneIn(4) && address !== ADDRESSES[0]) client.drop(address)
    else client.ask([address], this.random.oneIn(3))
  }

  #read(one: Connection, most: number): void {
    if (one.session === null || one.socket.isStalled) return
    for (const item of one.socket.items.splice(0, most))
      if (item.type === 'frame') one.client.read(item.frame)
    if (one.socket.items.length > 0) return
    if (one.socket.closedWith !== null) {
      this.#count(`closed ${one.socket.closedWith}`)
      this.#disconnect(one)
    } else this.#at(one.process).engine.drained(one.session)
  }

  #hearAll(): void {
    for (const { client, session, socket, process } of this.#connections) {
      const frames = client.out
      client.out = []
      if (session === null || socket.closedWith !== null) continue
      for (const frame of frames) this.#at(process).engine.receive(session, frame)
    }
  }

  #count(what: string): true {
    this.counts[what] = (this.counts[what] ?? 0) + 1
    return true
  }
}
