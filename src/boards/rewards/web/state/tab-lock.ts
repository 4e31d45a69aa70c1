/** Only one tab of a browser can be its device: two with the same id would take over from each other. */
export type TabLock = {
  /** Returns a function that releases the lock; null while another tab holds it. */
  acquire(): Promise<(() => void) | null>
}

/**
 * Returns a lock by the Web Locks API, which browsers have on secure origins (localhost is one). Without it
 * every tab gets the lock, and the rule of the server decides: the tab that connects last is the device.
 * `waitMillis`: a tab that is being reloaded still holds the lock for a moment.
 */
export function createTabLock(locks: LockManager | undefined, name: string, waitMillis = 1500): TabLock {
  return {
    async acquire() {
      if (locks === undefined) return () => {}
      return new Promise((resolve) => {
        const held = new Promise<void>((release) => {
          locks
            .request(name, { signal: AbortSignal.timeout(waitMillis) }, () => {
              resolve(release)
              return held
            })
            .catch(() => resolve(null))
        })
      })
    },
  }
}
