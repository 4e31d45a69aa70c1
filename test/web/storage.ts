import type { ListedStorage } from '../../src/web/state/browser-storage.ts'

/** Returns an empty storage, as a browser has it for each origin. */
export function memoryStorage(): ListedStorage {
  const items = new Map<string, string>()
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

const forbid = (): never => {
  throw new DOMException('denied', 'SecurityError')
}

/** The storage of a browser that forbids it. */
export const forbiddenStorage: ListedStorage = {
  length: 0,
  key: forbid,
  getItem: forbid,
  setItem: forbid,
  removeItem: forbid,
}
