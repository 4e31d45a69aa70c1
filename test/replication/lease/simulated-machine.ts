import type { TurnedTime } from '../../support/turned-time.ts'

/** A machine's clocks, its sleep, and its network to a service, in time that a test moves. */
export type SimulatedMachine = {
  /** Returns monotonic time, which stands still while it sleeps, ms. */
  monotonic(): number
  /** Returns the time of day, which goes on while it sleeps, and may be set. */
  timeOfDay(): number
  setClock(by: number): void
  wait(time: number): Promise<void>
  /** Resolves once it is not asleep. */
  awake(): Promise<void>
  sleep(time: number): void
  /** `delay`: of each way, ms. What is on its way when the network is cut is lost. */
  readonly network: { delay: number; isCut: boolean }
  /** Asks over the network; rejects after `timeout` ms. The question may arrive after that all the same. */
  ask<T>(question: () => Promise<T>, timeout: number): Promise<T>
}

/** Returns a machine whose clocks run at a rate. */
export function simulatedMachine(time: TurnedTime, rate = 1): SimulatedMachine {
  let slept = 0
  let [sleepsFrom, sleepsUntil] = [0, 0]
  let set = 0
  const isAsleep = () => time.now() < sleepsUntil
  const lived = () => (isAsleep() ? sleepsFrom - slept : time.now() - slept - (sleepsUntil - sleepsFrom))
  const network = { delay: 0, isCut: false }

  async function awake(): Promise<void> {
    while (isAsleep()) await time.wait(sleepsUntil - time.now())
  }
  async function wait(pause: number): Promise<void> {
    const end = lived() + pause / rate
    do {
      await time.wait(Math.max(0, end - lived()))
      await awake()
      // Sums of fractions are not exact.
    } while (lived() < end - 0.001)
  }
  const travel = async () => {
    if (network.delay > 0) await time.wait(network.delay)
    if (network.isCut) await new Promise(() => {})
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
    network,
    ask(question, timeout) {
      const answered = travel().then(question)
      const arrives = answered.then(async (answer) => {
        await travel()
        await awake()
        return answer
      })
      const late = wait(timeout).then(() => {
        throw new Error('timeout')
      })
      late.catch(() => {})
      return Promise.race([arrives, late])
    },
  }
}
