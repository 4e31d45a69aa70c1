import type { ReadonlySignal, Signal } from '@preact/signals'
import type { Client } from '../../client/api.ts'
import type { TextStorage } from './browser-storage.ts'
import type { PageClock } from './clock.ts'
import type { Traffic } from './counted-socket.ts'
import type { LinkModel } from './link-model.ts'
import type { Session, SignedIn } from './session.ts'

/** What the page offers to the code of boards. */
export type PageServices = {
  readonly client: Client
  readonly link: LinkModel
  readonly clock: PageClock
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
