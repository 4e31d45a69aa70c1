import type { TurnedTime } from '../../support/turned-time.ts'

/** A machine's clocks, its sleep, and its way to a service, in time that a test turns. */
export type SimulatedMachine = {
  /** Stands still in its sleep, ms. */
  monotonic(): number
  /** The time of day: goes on in its sleep, and may be set. */
  timeOfDay(): number
  setClock(by: number): void
  wait(time: number): Promise<void>
  /** Resolves when it does not sleep. */
  awake(): Promise<void>
  sleep(time: number): void
  /** What is asked and answered travels so long, each way, ms; what travels when the way is cut is lost. */
  readonly road: { travel: number; isCut: boolean }
  /** Asks over that way; rejects after `patience`. The question may arrive after that all the same. */
  ask<T>(question: () => Promise<T>, patience: number): Promise<T>
}

/** `rate`: how fast its clocks go. */
export function simulatedMachine(time: TurnedTime, rate = 1): SimulatedMachine {
  let slept = 0
  let [sleepsFrom, sleepsUntil] = [0, 0]
  let set = 0
  const isAsleep = () => time.now() < sleepsUntil
  const lived = () => (isAsleep() ? sleepsFrom - slept : time.now() - slept - (sleepsUntil - sleepsFrom))
  const road = { travel: 0, isCut: false }

  async function awake(): Promise<void> {
    while (isAsleep()) await time.wait(sleepsUntil - time.now())
  }
  async function wait(pause: number): Promise<void> {
    const end = lived() + pause / rate
    do {
      await time.wait(Math.max(0, end - lived()))
      await awake()
      // Sums of fractions.
    } while (lived() < end - 0.001)
  }
  const travel = async () => {
    if (road.travel > 0) await time.wait(road.travel)
    if (road.isCut) await new Promise(() => {})
  }
  return {
    monotonic: () => lived() * rate,
    timeOfDay: () => time.now() * rate + set,
    setClock(by) {
      set += by
    },
    wait,
    awake,
    sleep(pause) {
      if (isAsleep()) return
      slept += sleepsUntil - sleepsFrom
      sleepsFrom = time.now()
      sleepsUntil = time.now() + pause
    },
    road,
    ask(question, patience) {
      const answered = travel().then(question)
      const arrives = answered.then(async (answer) => {
        await travel()
        await awake()
        return answer
      })
      const late = wait(patience).then(() => {
        throw new Error('timeout')
      })
      late.catch(() => {})
      return Promise.race([arrives, late])
    },
  }
}
