/** Only one tab of a browser can be its device: two with the same id would take it from each other. */
export type TabLock = {
  /** How to give it back; null while another tab holds it. */
  acquire(): Promise<(() => void) | null>
}

/**
 * By the Web Locks API, which browsers offer on secure origins (localhost is one). Without it every tab gets the lock, and the
 * server's own rule decides: the last one that connects is the device. `waitMillis`: a tab that is just being reloaded still
 * holds it for a moment.
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
