import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { createDevice } from '../../boards/rewards/client/device.ts'
import type { Client } from '../../client/api.ts'
import type { Millis } from '../../core/clock.ts'
import { type AppError, appError, type ErrorCode } from '../../core/errors.ts'
import type { Traffic } from './counted-socket.ts'
import type { LinkModel } from './link-model.ts'
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
  /** What the tab measured of its link in the last minute; null before the first probe. */
  readonly quality: ReadonlySignal<LinkQuality | null>
  readonly traffic: ReadonlySignal<Traffic>
  /** Reports that the server has acknowledged since the start. */
  readonly reports: ReadonlySignal<number>
  /** Connects as this device and goes on measuring and reporting until `stop`. The user is logged in by then. */
  start(device: { readonly id: string; readonly name: string }): Promise<void>
  stop(): Promise<void>
}

export type TabDeviceParts = {
  readonly client: Client
  readonly link: LinkModel
  readonly lock: TabLock
  readonly traffic: () => Traffic
}

/** A device that is this very tab: real heartbeats give rtt and loss, the socket's own frames the bytes. */
export function createTabDevice({ client, link, lock, traffic }: TabDeviceParts): TabDevice {
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

  // Closed for good: the client does not bring the device back.
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
      // Offline it has left already; any other refusal will show in the list of devices.
      await device.disconnect()
    },
  }

  /** Probes and reports at their own pace; both rest while the link is down. Returns how to stop. */
  function measure(): () => void {
    let probes: readonly Probe[] = []
    let reported = traffic()
    const probe = async () => {
      if (!link.isLive.peek()) return
      const answer = await client.ping(PROBE_TIMEOUT)
      // A link that broke meanwhile is a disconnect, which the server counts; it is not a lost probe as well.
      if (!answer.ok && !link.isLive.peek()) return
      probes = addProbe(probes, answer.ok ? answer.value : null, PROBES_KEPT)
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
      else if (!PASSING.has(answer.error.code)) end({ status: 'failed', error: answer.error })
    }
    const probing = setInterval(probe, PROBE_PAUSE)
    const reporting = setInterval(report, REPORT_PAUSE)
    // The first row with a score after a moment, not after a full pause.
    void probe().then(report)
    return () => {
      clearInterval(probing)
      clearInterval(reporting)
      quality.value = null
    }
  }
}

/** Refusals after which the next report may well be taken. Any other says that the server does not see this tab as the device. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'ConnectionError',
  'ConnectionClosed',
  'RateLimited',
  'ServiceUnavailable',
  'DatabaseError',
])

const PROBE_PAUSE: Millis = 2000
const PROBE_TIMEOUT: Millis = 4000
/** One minute's worth. */
const PROBES_KEPT = 30
const REPORT_PAUSE: Millis = 5000
