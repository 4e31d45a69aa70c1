import { createDevice, type Device } from '../../src/boards/rewards/client/device.ts'
import { OPERATOR_HEADER } from '../../src/cli/operator-key.ts'
import type { Client } from '../../src/client/api.ts'
import { createClient } from '../../src/client/client.ts'
import { platformSocket } from '../../src/client/platform.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { AppError } from '../../src/core/errors.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import { identityOf } from './identity.ts'
import type { PlannedDevice } from './plan.ts'
import { lineOf } from './quality.ts'

/** Where and how devices come up. */
export type Site = {
  /** Address of the server's socket. */
  readonly socket: string
  /** Lets devices state the addresses of the file; without it they all have this machine's. */
  readonly operatorKey: string | null
  /** Users and devices are derived from it. */
  readonly seed: string
}

/** What becomes known of a device while it lives. */
export type DeviceEvents = {
  /** Logged in: at first, and again after every reconnect. */
  loggedIn(): void
  /** Connected as a device, or no longer. */
  presence(up: boolean): void
  failed(error: AppError): void
}

/** A device that is coming up or is up, over a socket of its own. */
export type LiveDevice = {
  /** Ends once the server has it online: null, or why it refused. */
  readonly opened: Promise<AppError | null>
  /** Says goodbye and closes the socket; the promise ends when it was said. */
  leave(): Promise<void>
}

/**
 * Connects, logs in (registering on the first visit), goes online and then reports what its line measures.
 */
export function openDevice(planned: PlannedDevice, site: Site, events: DeviceEvents): LiveDevice {
  const identity = identityOf(site.seed, planned)
  const client = createClient({
    url: site.socket,
    encodeMsgpack: encodeWithMsgpackr,
    credentials: {
      type: 'key',
      key: identity.key,
      register: { username: identity.username, device_name: 'replay' },
    },
    webSocket: platformSocket(headersFor(planned, site)),
  })
  client.onUser((user) => {
    if (user !== null) events.loggedIn()
  })
  client.onError((error) => events.failed(error))
  client.connect()
  let stopReports = () => {}
  let online = false
  const device = createDevice(client)
  const opened = device
    .connect({ device_id: identity.deviceId, name: identity.deviceName })
    .then((result) => {
      if (!result.ok) return result.error
      online = true
      events.presence(true)
      client.onState((state) => {
        const live = state.status === 'live' || state.status === 'stale'
        if (live === online) return
        online = live
        events.presence(live)
      })
      stopReports = startReports(client, device, planned.ip, events)
      return null
    })
  return {
    opened,
    leave: async () => {
      stopReports()
      if (online) await device.disconnect()
      if (online) events.presence(false)
      online = false
      client.close()
    },
  }
}

function headersFor(planned: PlannedDevice, site: Site): { readonly [name: string]: string } {
  return site.operatorKey === null
    ? {}
    : { [OPERATOR_HEADER]: site.operatorKey, 'x-forwarded-for': planned.ip }
}

/**
 * Reports every 15 to 30 s; while the link is down or silent the reports are left out, as a real device has
 * nothing to say then. That the server itself is stale is no reason: it takes them as soon as it can.
 */
function startReports(client: Client, device: Device, address: string, events: DeviceEvents): () => void {
  const line = lineOf(address)
  let reportedAt = systemClock.now()
  let timer = setTimeout(report, line.pause() * Math.random())
  function report(): void {
    timer = setTimeout(report, line.pause())
    const { state } = client
    if (state.status !== 'live' && !(state.status === 'stale' && state.because === 'server')) return
    const now = systemClock.now()
    const measured = line.report((now - reportedAt) / 1_000)
    reportedAt = now
    device.networkUpdate([measured]).then((result) => {
      if (!result.ok && result.error.code !== 'ConnectionClosed') events.failed(result.error)
    })
  }
  return () => clearTimeout(timer)
}
