import { createLeaseFence, type LeaseFence } from '../../../src/replication/lease/lease-fence.ts'
import { createLease, type Lease } from '../../../src/replication/lease/lease-proof.ts'
import { createRecordObserver } from '../../../src/replication/lease/record-observer.ts'
import { watchRecord } from '../../../src/replication/lease/record-watcher.ts'
import { suspendAwareClock } from '../../../src/replication/lease/suspend-aware-clock.ts'
import type { LitefsSettings } from '../../../src/replication/litefs/settings.ts'
import { recordingLogger } from '../../support/journal.ts'
import { type TurnedTime, turnedTime } from '../../support/turned-time.ts'
import { inMemoryConsul } from './in-memory-consul.ts'
import { type SimulatedMachine, simulatedMachine } from './simulated-machine.ts'

export const TTL = 10_000
export const PROOF_VALIDITY = 8_000
export const TAKE_OVER_WAIT = 9_000
const KEY = 'lease'
const RECORD = 'lease/fence'

/** One life of a supervisor, as far as the fence is concerned. */
export type FencedNode = {
  readonly name: string
  readonly machine: SimulatedMachine
  readonly fence: LeaseFence
  /** The fence's clock. */
  readonly now: () => number
  readonly lost: string[]
  readonly lines: string[]
  /** Returns how often the lease was read. */
  reads(): number
  /** Returns the number of the election that its last proof was of. */
  provenElection(): number
  /** Returns true if it has observed any record. */
  hasObserved(): boolean
  /** Resolves with what the fence's `holds` resolves with. */
  holds(): Promise<boolean>
  die(): void
}

/** Consul, and the node that has the lease there; the test moves the time. */
export function fenceWorld() {
  const time = turnedTime()
  const consul = inMemoryConsul(time.wait)
  let session = ''
  /** How often a node has got the lease. */
  let elections = 0
  let holder: string | null = null
  const electionOf = new Map<string, number>()
  const lock = (name: string): void => {
    holder = name
    consul.put(KEY, JSON.stringify({ hostname: name }), session)
    elections += 1
    electionOf.set(claimOf(consul.index(KEY), session), elections)
  }

  function start(name: string, machine = simulatedMachine(time)): FencedNode {
    let isAlive = true
    let reads = 0
    let provenElection = 0
    let hasObserved = false
    const lost: string[] = []
    const logger = recordingLogger()
    const settings = { ...SETTINGS, node: name }
    const lease = createLease(settings, { random: countedRandom(), fetch: fetchOf(machine, () => isAlive) })
    const observer = createRecordObserver({ node: name, ttl: TTL, now: machine.monotonic })
    const spiedObserver: typeof observer = {
      ...observer,
      observe(record) {
        hasObserved ||= record !== null
        return observer.observe(record)
      },
    }
    const spiedLease: Lease = {
      ...lease,
      read() {
        reads += 1
        return lease.read()
      },
      async prove(claim, record) {
        const proof = await lease.prove(claim, record)
        if (proof.ok) provenElection = electionOf.get(claimOf(claim.index, claim.session)) ?? 0
        return proof
      },
    }
    const stop = watchRecord({ lease, observer: spiedObserver, wait: machine.wait, logger })
    const now = suspendAwareClock(machine.monotonic, machine.timeOfDay)
    const fence = createLeaseFence({
      lease: spiedLease,
      observer: spiedObserver,
      now,
      wait: machine.wait,
      onLost: (reason) => void lost.push(reason),
      logger,
    })
    return {
      name,
      machine,
      fence,
      now,
      lost,
      lines: logger.lines,
      reads: () => reads,
      provenElection: () => provenElection,
      hasObserved: () => hasObserved,
      holds: async () => fence.holds(),
      die() {
        isAlive = false
        stop()
      },
    }
  }

  /** Returns a `fetch` of a machine whose process may be dead when the answer comes. */
  function fetchOf(machine: SimulatedMachine, isAlive: () => boolean) {
    return async (url: string, { method, body, signal }: RequestInit): Promise<Response> => {
      if (!isAlive()) await new Promise(() => {})
      const ended = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
      ended.catch(() => {})
      const question = () => consul.answer(method ?? 'GET', url, typeof body === 'string' ? body : '')
      const answer = machine.ask(question, url.includes('wait=') ? 12_600 : 2_000)
      answer.catch(() => {})
      const response = await (url.includes('wait=') ? Promise.race([answer, ended]) : answer)
      if (!isAlive()) await new Promise(() => {})
      return response
    }
  }

  return {
    time,
    start,
    holder: () => holder,
    /** A node gets the lease by a new session, whether another has it or not. */
    elect(name: string): void {
      session = `session-${elections + 1}`
      lock(name)
    },
    /** A node gets the lease with the present session, as by LiteFS's hand-over. */
    handOver: lock,
    /** No node has the lease any more. */
    expire(): void {
      holder = null
      consul.remove(KEY)
    },
    loseData(): void {
      holder = null
      consul.lose()
    },
    record: (): unknown => JSON.parse(consul.value(RECORD) ?? 'null'),
    recordIndex: () => consul.index(RECORD),
  }
}

/** Lets time pass. Returns the promise. */
export async function within<T>(time: TurnedTime, pass: number, promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  await time.pass(pass)
  return promise
}

const claimOf = (index: number, session: string) => `${session} ${index}`

let count = 0
/** Returns different bytes each time. */
function countedRandom() {
  return { bytes: (length: number) => new Uint8Array(new Uint32Array([++count]).buffer).slice(0, length) }
}

const SETTINGS: LitefsSettings = {
  file: '',
  mountDir: '',
  bindHost: null,
  port: 1,
  apiUrl: '',
  node: '',
  candidate: true,
  lease: { type: 'consul', url: 'http://consul', key: KEY, ttl: TTL },
}
