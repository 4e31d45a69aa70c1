import { applyPatch, type Patch } from '../../src/core/patch.ts'
import { DEFAULT_LIMITS, type EngineLimits } from '../../src/live/limits.ts'
import type { Session } from '../../src/live/model.ts'
import type { Engine } from '../../src/live/types.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeServerFrame, encodeClientMessage } from '../../src/protocol/codec.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { EphemeralBoard, priceKey, WORKSPACE } from '../oracle/ephemeral-truth.ts'
import { type SimEnd, SimRelay } from '../oracle/sim-relay.ts'
import { startEngine } from '../oracle/start-engine.ts'
import { Socket, Wire } from '../oracle/wire.ts'
import { World } from '../oracle/world.ts'
import { manualClock } from '../support/journal.ts'
import { manualTimers } from '../support/manual-timers.ts'
import { seeded } from '../support/seeded.ts'

/** Several processes with one relay, driven by hand. */
export class EphemeralHarness {
  readonly clock = manualClock()
  readonly timers = manualTimers()
  readonly relay = new SimRelay()
  readonly defects: string[] = []
  readonly processes: EphemeralProcess[]
  readonly #random = seeded(5)
  readonly #world = new World()

  constructor(
    count: number,
    readonly limits: Partial<EngineLimits> = {},
  ) {
    this.#world.openEpoch(7, this.clock.now())
    this.processes = Array.from({ length: count }, (_, number) => this.start(number))
  }

  /** Starts a process, in place of an earlier one with this number. */
  start(number: number): EphemeralProcess {
    const board = new EphemeralBoard()
    const end = this.relay.join(number)
    const engine = startEngine(this.#world, new Wire(() => this.#world.truth), this.clock, this.timers, {
      limits: { ...DEFAULT_LIMITS, ...this.limits },
      relay: end,
      sources: board.sources,
      random: { bytes: (length) => Uint8Array.from({ length }, () => this.#random.int(256)) },
      defect: (cause, during) => void this.defects.push(`${during}: ${String(cause)}`),
    })
    return new EphemeralProcess(engine, board, end)
  }

  /** Delivers all texts, and lets processes and feeds send what waits in them. */
  settle(processes: readonly EphemeralProcess[] = this.processes): void {
    for (let turn = 0; turn < 4; turn++) {
      this.relay.deliver(this.#random, 10_000)
      for (const { engine } of processes) engine.relayPending()
      this.timers.pass(FLUSH_INTERVAL.web)
    }
  }

  /** Lets seconds pass, with the sweeps, texts and ticks in them. */
  pass(seconds: number, processes: readonly EphemeralProcess[] = this.processes): void {
    for (let n = 0; n < seconds; n++) {
      this.clock.time += 1000
      for (const { engine } of processes) engine.sweep()
      this.settle(processes)
    }
  }
}

export class EphemeralProcess {
  constructor(
    readonly engine: Engine<Socket>,
    readonly board: EphemeralBoard,
    readonly end: SimEnd,
  ) {}

  /** Changes the value of the board and publishes the change. */
  publish(address: string, changes: Patch['changes'], removed: readonly string[] = []) {
    const patch = { changes, removed }
    this.board.values.set(address, applyPatch(this.board.values.get(address) ?? {}, patch))
    const published = this.engine.publish(priceKey(address), patch)
    if (!published.ok) throw new Error(published.error.message)
    return published.value
  }

  open(format: 'json' = 'json'): EphemeralPeer {
    const socket = new Socket()
    const session = this.engine.open(socket, {
      format,
      clientType: 'web',
      origin: 'http://test',
      address: '127.0.0.1',
      operator: false,
      workspace: WORKSPACE,
      preset: [],
    })
    socket.items.length = 0
    return new EphemeralPeer(this.engine, socket, session)
  }
}

export class EphemeralPeer {
  constructor(
    readonly engine: Engine<Socket>,
    readonly socket: Socket,
    readonly session: Session<Socket>,
  ) {}

  send(message: ClientMessage): void {
    this.engine.receive(this.session, encodeClientMessage(message, 'json'))
  }

  /** Returns the messages since the last call. */
  read(): readonly ServerMessage[] {
    return this.socket.items.splice(0).flatMap((item) => {
      const decoded = item.type === 'frame' ? decodeServerFrame(item.frame) : null
      return decoded?.ok && decoded.value !== null ? [decoded.value] : []
    })
  }
}
