import { expect, test } from 'bun:test'
import { createActivityStore } from '../../../../src/boards/rewards/web/state/activity-store.ts'
import { removeUserItems } from '../../../../src/web/state/browser-storage.ts'
import { forbiddenStorage, memoryStorage } from '../../../web/storage.ts'

const STORED = {
  cursor: { epoch: 1, seq: 9 },
  list: [{ key: '1.9', at: 5, tone: 'warn', device: 'Pi', text: 'does not earn' }],
} as const
const NOTHING = { cursor: null, list: [] }

test('activity continues from where this browser stopped reading, separately for each user', () => {
  const storage = memoryStorage()
  createActivityStore(storage, 'u_1').save(STORED)
  expect(createActivityStore(storage, 'u_1').load()).toEqual(STORED)
  expect(createActivityStore(storage, 'u_2').load()).toEqual(NOTHING)
})

test('the page removes the activity of a user with all that it keeps of that user', () => {
  const storage = memoryStorage()
  for (const user of ['u_1', 'u_2']) createActivityStore(storage, user).save(STORED)
  removeUserItems(storage, 'u_1')
  expect(createActivityStore(storage, 'u_1').load()).toEqual(NOTHING)
  expect(createActivityStore(storage, 'u_2').load()).toEqual(STORED)
})

test('activity is not kept where the storage is forbidden, and that is no exception', () => {
  const store = createActivityStore(forbiddenStorage, 'u_1')
  expect(() => store.save(STORED)).not.toThrow()
  expect(store.load()).toEqual(NOTHING)
})
