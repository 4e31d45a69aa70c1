import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import { createClient } from '../../client/client.ts'
import { platformSocket } from '../../client/platform.ts'
import { type Millis, systemRandom } from '../../core/clock.ts'
import type { PageBoard } from '../board-page.ts'
import { type Badges, openBadges } from './badges.ts'
import { browserName } from './browser-name.ts'
import { openStorage, removeUserItems } from './browser-storage.ts'
import { createPageClock, type PageClock, whileVisible } from './clock.ts'
import { type ClusterModel, createClusterModel } from './cluster-model.ts'
import { countTraffic } from './counted-socket.ts'
import { createIdentityStore } from './identity.ts'
import { createLinkModel, type LinkModel } from './link-model.ts'
import { loadKeys } from './load-keys.ts'
import { type LoadedView, loadViews } from './loaded-view.ts'
import type { PageServices } from './page-services.ts'
import { createRest } from './rest.ts'
import { createRoute, type Place, placesOf } from './route.ts'
import { createSession } from './session.ts'
import { openShownChannels, type ShownChannels } from './shown-channels.ts'

/** Everything behind the page that belongs to no board. Components get it by `useShell`. */
export type Shell = PageServices & {
  /** All views, in the order of the navigation. */
  readonly places: readonly [Place, ...Place[]]
  /** The present view. */
  readonly place: ReadonlySignal<Place>
  readonly loaded: ReadonlySignal<LoadedView>
  /** The channels of the present view. */
  readonly shown: ShownChannels
  readonly badges: Badges
  readonly cluster: ClusterModel
}

/**
 * Builds the state of the page on the globals of a browser, connects, and logs in with the key of the
 * browser.
 */
export function createShell(window: Window, boards: readonly PageBoard[]): Shell {
  const { location, navigator } = window
  const places = placesOf(boards)
  const place = createRoute(window, places)
  const storage = openStorage(() => window.localStorage)
  const tabStorage = openStorage(() => window.sessionStorage)
  const counted = countTraffic(platformSocket())
  const client = createClient({ url: new URL('/ws', location.href).href, webSocket: counted.open })
  const link = createLinkModel(client)
  const name = browserName(navigator.userAgent)
  const session = createSession({
    client,
    identities: createIdentityStore(storage),
    loadKeys,
    random: systemRandom,
    keyName: name,
    removeData: (user) => removeUserItems(storage, user),
    restFor: ({ key }) =>
      createRest({
        fetch: (path, init) => window.fetch(path, init),
        key,
        origin: location.origin,
        now: () => client.serverNow(),
      }),
  })
  const signedIn = computed(() => (session.state.value.status === 'signed-in' ? session.state.value : null))
  const isLoggedIn = computed(() => signedIn.value !== null)
  retryWhenBack(window, client)
  client.connect()
  const shell: Shell = {
    places,
    place,
    loaded: loadViews(place),
    client,
    link,
    shown: openShownChannels({
      client,
      wanted: computed(() => place.value.view.channels),
      publicChannels: link.publicChannels,
      isLoggedIn,
    }),
    badges: openBadges({ client, places, isLoggedIn }),
    clock: createClock(window, client, link),
    cluster: createClusterModel({ ask: () => readHealth(window), repeat: whileVisible }),
    session,
    signedIn,
    isResumed: session.resume(),
    isImportingKey: signal(false),
    headline: signal(''),
    announcement: signal(''),
    browser: { name, storage, tabStorage, locks: navigator.locks, traffic: counted.traffic },
  }
  for (const { page } of boards)
    if (page.resume !== undefined && tabStorage?.getItem(page.resume.key) != null)
      page.resume.load().then((module) => module.default(shell), console.error)
  return shell
}

function createClock(window: Window, client: Client, link: LinkModel): PageClock {
  const lessMotion = window.matchMedia('(prefers-reduced-motion: reduce)')
  return createPageClock({
    now: () => client.serverNow(),
    isRunning: () => link.isLive.peek(),
    hasReducedMotion: () => lessMotion.matches,
  })
}

/** The answer counts whatever its status is: that of a node without its database is an error. */
async function readHealth(window: Window) {
  const response = await window.fetch('/health', { signal: AbortSignal.timeout(HEALTH_TIMEOUT) })
  return response.json()
}

/** Connects at once when the tab is shown again, or the browser is online again. */
function retryWhenBack(window: Window, client: Client): void {
  const { document } = window
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') client.retry()
  })
  window.addEventListener('online', () => client.retry())
}

/** A node that is suspended accepts connections and answers nothing. */
const HEALTH_TIMEOUT: Millis = 4_000
