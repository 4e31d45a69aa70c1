import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Client } from '../../../../client/api.ts'
import type { Millis } from '../../../../core/clock.ts'
import { type AppError, appError, type ErrorCode } from '../../../../core/errors.ts'
import type { Traffic } from '../../../../web/state/counted-socket.ts'
import type { LinkModel } from '../../../../web/state/link-model.ts'
import { createDevice } from '../../client/device.ts'
import { addProbe, type LinkQuality, measureQuality, type Probe } from './probes.ts'
import type { TabLock } from './tab-lock.ts'

/** Whether this tab is a device. */
export type TabDeviceState =
  | { readonly status: 'off' }
  | { readonly status: 'starting' }
  | { readonly status: 'on'; readonly since: Millis }
  /** Another tab of this browser is the device already. */
  | { readonly status: 'elsewhere' }
  | { readonly status: 'failed'; readonly error: AppError }

export type TabDevice = {
  readonly state: ReadonlySignal<TabDeviceState>
  /** What the tab measured of its connection in the last minute; null before the first probe. */
  readonly quality: ReadonlySignal<LinkQuality | null>
  readonly traffic: ReadonlySignal<Traffic>
  /** Reports that the server has acknowledged since the start. */
  readonly reports: ReadonlySignal<number>
  /** Connects as this device, then measures and reports until `stop`. Needs a user who is logged in. */
  start(device: { readonly id: string; readonly name: string }): Promise<void>
  stop(): Promise<void>
}

export type TabDeviceDeps = {
  readonly client: Client
  readonly link: LinkModel
  readonly lock: TabLock
  readonly traffic: () => Traffic
}

/** Returns this tab as a device: its heartbeats measure rtt and loss, the frames of its socket the bytes. */
export function createTabDevice({ client, link, lock, traffic }: TabDeviceDeps): TabDevice {
  const device = createDevice(client)
  const state = signal<TabDeviceState>({ status: 'off' })
  const quality = signal<LinkQuality | null>(null)
  const counted = signal<Traffic>(traffic())
  const reports = signal(0)
  let release = () => {}
  let stopMeasuring = () => {}

  const end = (next: TabDeviceState) => {
    stopMeasuring()
    release()
    stopMeasuring = release = () => {}
    state.value = next
  }

  // The connection is closed for good: the client does not reconnect the device.
  effect(() => {
    const { value } = link.state
    if (value.status !== 'closed' || state.peek().status !== 'on') return
    end({ status: 'failed', error: appError('ConnectionClosed', value.reason) })
  })

  return {
    state,
    quality,
    traffic: counted,
    reports,
    async start(wanted) {
      const { status } = state.peek()
      if (status === 'starting' || status === 'on') return
      state.value = { status: 'starting' }
      const held = await lock.acquire()
      if (held === null) {
        state.value = { status: 'elsewhere' }
        return
      }
      release = held
      const connected = await device.connect({ device_id: wanted.id, name: wanted.name })
      if (!connected.ok) {
        end({ status: 'failed', error: connected.error })
        return
      }
      reports.value = 0
      stopMeasuring = measure()
      state.value = { status: 'on', since: client.serverNow() }
    },
    async stop() {
      if (state.peek().status !== 'on') return
      end({ status: 'off' })
      // If the link is down the device is offline already; other errors show in the list of devices.
      await device.disconnect()
    },
  }

  /** Probes and reports at intervals, but not while the link is down. Returns a function that stops both. */
  function measure(): () => void {
    let probes: readonly Probe[] = []
    let reported = traffic()
    const probe = async () => {
      if (!link.isLive.peek()) return
      const answer = await client.ping(PROBE_TIMEOUT)
      // A link that broke meanwhile is a disconnect, which the server counts, and not a lost probe too.
      if (!answer.ok && !link.isLive.peek()) return
      probes = addProbe(probes, answer.ok ? answer.value : null, MAX_PROBES)
      quality.value = measureQuality(probes)
      counted.value = traffic()
    }
    const report = async () => {
      const measured = quality.peek()
      if (!link.isLive.peek() || measured === null) return
      const now = traffic()
      const network = {
        name: 'browser',
        loss: measured.loss,
        rtt: measured.rtt ?? PROBE_TIMEOUT,
        bytes_in: now.received - reported.received,
        bytes_out: now.sent - reported.sent,
      }
      reported = now
      const answer = await device.networkUpdate([network])
      if (answer.ok) reports.value += 1
      else if (!TRANSIENT.has(answer.error.code)) end({ status: 'failed', error: answer.error })
    }
    const probing = setInterval(probe, PROBE_INTERVAL)
    const reporting = setInterval(report, REPORT_INTERVAL)
    // The first report is early, so that the device has a score after a moment.
    void probe().then(report)
    return () => {
      clearInterval(probing)
      clearInterval(reporting)
      quality.value = null
    }
  }
}

/**
 * Errors that pass: the next report may succeed. After others this tab is no device for the server any more.
 */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'ConnectionError',
  'ConnectionClosed',
  'RateLimited',
  'ServiceUnavailable',
  'DatabaseError',
])

const PROBE_INTERVAL: Millis = 2000
const PROBE_TIMEOUT: Millis = 4000
/** One minute's worth. */
const MAX_PROBES = 30
const REPORT_INTERVAL: Millis = 5000
