import type { AppError } from '../../src/core/errors.ts'
import { type LiveDevice, openDevice, type Site } from './device.ts'
import type { Tally } from './messages.ts'
import type { PlannedChange, PlannedDevice } from './plan.ts'

/** The devices of one process: brings them up a few at a time, and takes them down. */
export type Crowd = {
  apply(change: PlannedChange): void
  /** Ends when nobody waits to come up any more. */
  settled(): Promise<void>
  tally(): Tally
  /** Everyone leaves; ends when all have, or after `millis`. */
  leave(millis: number): Promise<void>
}

/** At most `concurrency` devices are between connecting and being online. */
export function makeCrowd(site: Site, concurrency: number): Crowd {
  /** Devices that the file has up now; whoever is refused for a while only comes again if it still is. */
  const wanted = new Set<string>()
  const waiting = new Map<string, PlannedDevice>()
  const alive = new Map<string, LiveDevice>()
  let [opening, up, logins, errors] = [0, 0, 0, 0]
  let lastError: string | null = null
  let onSettled: (() => void)[] = []

  const events = {
    loggedIn: () => {
      logins++
    },
    presence: (online: boolean) => {
      up += online ? 1 : -1
    },
    failed: (error: AppError) => {
      errors++
      lastError = `${error.code}: ${error.message}`
    },
  }

  function openNext(): void {
    for (const [ip, device] of waiting) {
      if (opening >= concurrency) break
      waiting.delete(ip)
      open(device)
    }
    if (opening > 0 || waiting.size > 0) return
    for (const call of onSettled) call()
    onSettled = []
  }

  function open(device: PlannedDevice): void {
    opening++
    const live = openDevice(device, site, events)
    alive.set(device.ip, live)
    live.opened.then((error) => {
      opening--
      if (error !== null && alive.get(device.ip) === live) {
        alive.delete(device.ip)
        live.leave()
        events.failed(error)
        // Too many at once is no verdict on this device: it comes again when the server said it may.
        if (error.retryAfter !== undefined) setTimeout(retry, error.retryAfter, device)
      }
      openNext()
    })
  }

  function retry(device: PlannedDevice): void {
    if (!wanted.has(device.ip) || alive.has(device.ip)) return
    waiting.set(device.ip, device)
    openNext()
  }

  return {
    apply({ device, state }) {
      if (state === 'up') {
        wanted.add(device.ip)
        waiting.set(device.ip, device)
        openNext()
        return
      }
      wanted.delete(device.ip)
      waiting.delete(device.ip)
      const live = alive.get(device.ip)
      alive.delete(device.ip)
      live?.leave()
    },
    settled: () =>
      new Promise((resolve) => {
        onSettled.push(resolve)
        openNext()
      }),
    tally: () => ({ up, logins, errors, lastError }),
    leave: (millis) => {
      wanted.clear()
      waiting.clear()
      const leaving = [...alive.values()]
      // Forgotten first: whoever was still coming up has not failed, it was called back.
      alive.clear()
      const all = Promise.all(leaving.map((live) => live.leave()))
      return Promise.race([all.then(() => {}), Bun.sleep(millis)])
    },
  }
}
