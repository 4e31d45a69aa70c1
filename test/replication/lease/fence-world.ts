import { createLeaseFence, type LeaseFence } from '../../../src/replication/lease/lease-fence.ts'
import { createLease, type Lease } from '../../../src/replication/lease/lease-proof.ts'
import { createRecordObserver } from '../../../src/replication/lease/record-observer.ts'
import { watchRecord } from '../../../src/replication/lease/record-watcher.ts'
import { suspendAwareClock } from '../../../src/replication/lease/suspend-aware-clock.ts'
import type { LitefsSettings } from '../../../src/replication/litefs/settings.ts'
import { recordingLogger } from '../../support/journal.ts'
import { type TurnedTime, turnedTime } from '../../support/turned-time.ts'
import { littleConsul } from './little-consul.ts'
import { type SimulatedMachine, simulatedMachine } from './simulated-machine.ts'

export const TTL = 10_000
export const GOOD = 8_000
export const OVER = 9_000
const KEY = 'lease'
const RECORD = 'lease/fence'

/** A supervisor's life, as far as the fence goes. */
export type FencedNode = {
  readonly name: string
  readonly machine: SimulatedMachine
  readonly fence: LeaseFence
  /** The fence's clock. */
  readonly now: () => number
  readonly lost: string[]
  readonly lines: string[]
  /** How often the lease was looked at. */
  looks(): number
  /** Which lead its last proof was of. */
  provenLead(): number
  /** Has it seen any record? */
  hasSeen(): boolean
  /** What `holds` comes to. */
  holds(): Promise<boolean>
  die(): void
}

/** Consul, and who has the lease there; time is turned by the test. */
export function fenceWorld() {
  const time = turnedTime()
  const consul = littleConsul(time.wait)
  let session = ''
  /** Each time that somebody gets the lease is another lead. */
  let leads = 0
  let holder: string | null = null
  const leadOf = new Map<string, number>()
  const lock = (name: string): void => {
    holder = name
    consul.put(KEY, JSON.stringify({ hostname: name }), session)
    leads += 1
    leadOf.set(claimOf(consul.index(KEY), session), leads)
  }

  function start(name: string, machine = simulatedMachine(time)): FencedNode {
    let isAlive = true
    let looks = 0
    let provenLead = 0
    let hasSeen = false
    const lost: string[] = []
    const logger = recordingLogger()
    const settings = { ...SETTINGS, node: name }
    const lease = createLease(settings, { random: countedRandom(), fetch: fetchOf(machine, () => isAlive) })
    const seen = createRecordObserver({ node: name, ttl: TTL, now: machine.monotonic })
    const noted: typeof seen = {
      ...seen,
      note(record) {
        hasSeen ||= record !== null
        return seen.note(record)
      },
    }
    const spied: Lease = {
      ...lease,
      look() {
        looks += 1
        return lease.look()
      },
      async prove(claim, record) {
        const proof = await lease.prove(claim, record)
        if (proof.ok) provenLead = leadOf.get(claimOf(claim.index, claim.session)) ?? 0
        return proof
      },
    }
    const stop = watchRecord({ lease, seen: noted, wait: machine.wait, logger })
    const now = suspendAwareClock(machine.monotonic, machine.timeOfDay)
    const fence = createLeaseFence({
      lease: spied,
      seen: noted,
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
      looks: () => looks,
      provenLead: () => provenLead,
      hasSeen: () => hasSeen,
      holds: async () => fence.holds(),
      die() {
        isAlive = false
        stop()
      },
    }
  }

  /** `fetch`, from a machine whose process may be dead by the time of the answer. */
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
    /** Somebody gets the lease by a session of its own, whoever had it before. */
    elect(name: string): void {
      session = `session-${leads + 1}`
      lock(name)
    },
    /** The lease goes with its session, as LiteFS hands it over. */
    handOver: lock,
    /** Nobody has it. */
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

/** Resolves to what `promise` comes to while so much time goes by. */
export async function within<T>(time: TurnedTime, pass: number, promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  await time.pass(pass)
  return promise
}

const claimOf = (index: number, session: string) => `${session} ${index}`

let count = 0
/** Every one another, as random ones are. */
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
