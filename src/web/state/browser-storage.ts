/** What the page needs of `localStorage` and `sessionStorage`. */
export type TextStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** The same, with the names of its items. */
export type ListedStorage = TextStorage & Pick<Storage, 'key' | 'length'>

/** Returns the storage, or null where the browser forbids it: such browsers throw when it is accessed. */
export function openStorage(access: () => Storage): ListedStorage | null {
  try {
    return access()
  } catch {
    return null
  }
}

/** Returns the item under which the data `name` of a user is kept in this browser. */
export function userItem(name: string, user: string): string {
  return `${PREFIX}${name}.${user}`
}

/** Removes everything that is kept of a user in this browser. */
export function removeUserItems(storage: ListedStorage | null, user: string): void {
  if (storage === null) return
  const items = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '')
  for (const item of items) if (item.startsWith(PREFIX) && item.endsWith(`.${user}`)) storage.removeItem(item)
}

const PREFIX = 'dashboard.'
