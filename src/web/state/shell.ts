import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import { createClient } from '../../client/client.ts'
import { platformSocket } from '../../client/platform.ts'
import { type Millis, systemRandom } from '../../core/clock.ts'
import type { PageBoard } from '../board-page.ts'
import { type Badges, openBadges } from './badges.ts'
import { browserName } from './browser-name.ts'
import { openStorage, removeUserItems, type TextStorage } from './browser-storage.ts'
import { createPageClock, type PageClock, whileVisible } from './clock.ts'
import { type ClusterModel, createClusterModel } from './cluster-model.ts'
import { countTraffic, type Traffic } from './counted-socket.ts'
import { createIdentityStore } from './identity.ts'
import { createLinkModel, type LinkModel } from './link-model.ts'
import { type LoadedView, loadViews } from './loaded-view.ts'
import { createRest } from './rest.ts'
import { createRoute, type Place, placesOf } from './route.ts'
import { createSession, type Session, type SignedIn } from './session.ts'
import { openShownChannels, type ShownChannels } from './shown-channels.ts'

/** Everything behind the page that belongs to no board. Components get it by `useShell`. */
export type Shell = {
  /** All views, in the order of the navigation. */
  readonly places: readonly [Place, ...Place[]]
  /** The present view. */
  readonly place: ReadonlySignal<Place>
  readonly loaded: ReadonlySignal<LoadedView>
  readonly client: Client
  readonly link: LinkModel
  /** The channels of the present view. */
  readonly shown: ShownChannels
  readonly badges: Badges
  readonly clock: PageClock
  readonly cluster: ClusterModel
  readonly session: Session
  /** Null unless a user is logged in. */
  readonly signedIn: ReadonlySignal<SignedIn | null>
  /** Resolves when it is decided whether the key of this browser is logged in. */
  readonly isResumed: Promise<void>
  /** Whether the dialog that asks for a key is open. */
  readonly isImportingKey: Signal<boolean>
  /** See `useHeadline` and `useAnnouncement`. */
  readonly headline: Signal<string>
  readonly announcement: Signal<string>
  readonly browser: BrowserEnvironment
}

/** What boards use of the browser. */
export type BrowserEnvironment = {
  /** "Chromium on Linux". */
  readonly name: string
  /** Kept by the browser; null where it is forbidden. */
  readonly storage: TextStorage | null
  /** Kept by the tab, over reloads; null where it is forbidden. */
  readonly tabStorage: TextStorage | null
  /** The Web Locks API, which browsers have on secure origins only. */
  readonly locks: LockManager | undefined
  /** Returns the bytes of the connection so far. */
  traffic(): Traffic
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
