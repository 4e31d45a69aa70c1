import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { createClient } from '../../client/client.ts'
import { platformSocket } from '../../client/platform.ts'
import { type Millis, systemClock, systemRandom } from '../../core/clock.ts'
import { browserName } from './browser-name.ts'
import { createPageClock, type PageClock, whileVisible } from './clock.ts'
import { type ClusterModel, createClusterModel } from './cluster-model.ts'
import { countTraffic } from './counted-socket.ts'
import { createIdentityStore, type TextStorage } from './identity.ts'
import { createLinkModel, type LinkModel } from './link-model.ts'
import { createNetworkModel, type NetworkModel } from './network-model.ts'
import { createRest } from './rest.ts'
import { createRoute, type View } from './route.ts'
import { createSession, type Session, type SessionState } from './session.ts'
import { createTabDevice, type TabDevice } from './tab-device.ts'
import { createTabLock } from './tab-lock.ts'

/** Everything behind the page. Components get it by `useApp`. */
export type App = {
  readonly link: LinkModel
  readonly clock: PageClock
  readonly network: NetworkModel
  readonly cluster: ClusterModel
  readonly session: Session
  readonly tab: TabDevice
  readonly view: ReadonlySignal<View>
  /** Whether the dialog that asks for a key is open. */
  readonly isImportingKey: Signal<boolean>
  /** Narrowed: null unless somebody is logged in. */
  readonly signedIn: ReadonlySignal<Extract<SessionState, { status: 'signed-in' }> | null>
  /** The one button: makes or takes the key, logs in, connects as a device. */
  startDevice(): Promise<void>
  stopDevice(): Promise<void>
  /** Ends the device and forgets the key. */
  forgetKey(): Promise<void>
}

/** Builds the page's state on a browser's globals, connects, and takes up again what the tab was before a reload. */
export function createApp(window: Window): App {
  const { location, document, navigator } = window
  const storage = openStorage(() => window.localStorage)
  const ofTab = openStorage(() => window.sessionStorage)
  const counted = countTraffic(platformSocket())
  const client = createClient({ url: new URL('/ws', location.href).href, webSocket: counted.open })
  const link = createLinkModel(client)
  const name = browserName(navigator.userAgent)
  const lessMotion = window.matchMedia('(prefers-reduced-motion: reduce)')
  const session = createSession({
    client,
    link,
    identities: createIdentityStore(storage),
    storage,
    random: systemRandom,
    keyName: name,
    restFor: ({ key }) =>
      createRest({
        fetch: (path, init) => window.fetch(path, init),
        key,
        origin: location.origin,
        now: () => client.serverNow(),
      }),
  })
  const tab = createTabDevice({
    client,
    link,
    lock: createTabLock(navigator.locks, 'dashboard.device'),
    traffic: counted.traffic,
  })
  const startDevice = async () => {
    const identity = await session.signUp()
    if (!identity.ok) return
    await tab.start({ id: identity.value.deviceId, name })
    if (tab.state.peek().status === 'on') ofTab?.setItem(WAS_DEVICE, 'yes')
  }
  const stopDevice = async () => {
    ofTab?.removeItem(WAS_DEVICE)
    await tab.stop()
  }
  const resume = async () => {
    await session.resume()
    const wasDevice = ofTab?.getItem(WAS_DEVICE) === 'yes'
    if (wasDevice && session.state.peek().status === 'signed-in') await startDevice()
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') client.retry()
  })
  window.addEventListener('online', () => client.retry())
  client.connect()
  void resume()
  return {
    link,
    clock: createPageClock({
      now: () => client.serverNow(),
      running: () => link.isLive.peek(),
      reducedMotion: () => lessMotion.matches,
    }),
    network: createNetworkModel(client, link, systemClock),
    cluster: createClusterModel({
      // Of a node without its database the status is an error, and the answer as good as any.
      ask: async () =>
        (await window.fetch('/health', { signal: AbortSignal.timeout(HEALTH_PATIENCE) })).json(),
      repeat: whileVisible,
    }),
    session,
    tab,
    view: createRoute(window),
    isImportingKey: signal(false),
    signedIn: computed(() => (session.state.value.status === 'signed-in' ? session.state.value : null)),
    startDevice,
    stopDevice,
    async forgetKey() {
      await stopDevice()
      session.forget()
    },
  }
}

/** In the tab's own storage: a reload goes on as a device, a new tab does not. */
const WAS_DEVICE = 'dashboard.device'

/** A node that is stopped takes connections, and says nothing. */
const HEALTH_PATIENCE: Millis = 4_000

/** Browsers that forbid storage throw at the very access. */
function openStorage(access: () => Storage): TextStorage | null {
  try {
    return access()
  } catch {
    return null
  }
}
