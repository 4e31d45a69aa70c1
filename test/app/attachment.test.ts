import { expect, test } from 'bun:test'
import { createAttachment } from '../../src/app/attachment.ts'
import { recordingLogger } from '../support/journal.ts'

/** An attachment, what it did, and a storage that can be opened or not. */
function attachment() {
  const logger = recordingLogger()
  const done: string[] = []
  const storage = { fails: null as string | null }
  const note = (what: string) => () => void done.push(what)
  const take = createAttachment({
    attach() {
      if (storage.fails !== null) throw new Error(storage.fails)
      done.push('attach')
    },
    detach: note('detach'),
    catchUp: note('catch up'),
    engine: {
      suspend: note('suspend'),
      resume: note('resume'),
      stale: (since) => void done.push(`stale since ${since}`),
      fresh: note('fresh'),
    },
    now: () => 5_000,
    logger,
  })
  return { logger, done, storage, take }
}

test('news that change nothing do nothing', () => {
  const { done, logger, take } = attachment()
  for (let beat = 0; beat < 3; beat++) take({ storage: 'attached', staleFor: null })
  expect(done).toEqual([])
  expect(logger.lines).toEqual([])
})

test('a storage that leaves and comes back: told once each, and clients go on only when all is read', () => {
  const { done, logger, take } = attachment()
  for (let beat = 0; beat < 3; beat++) take({ storage: 'detached', staleFor: 400 })
  expect(done).toEqual(['stale since 4600', 'suspend', 'detach'])
  for (let beat = 0; beat < 3; beat++) take({ storage: 'attached', staleFor: null })
  expect(done.slice(3)).toEqual(['attach', 'catch up', 'resume', 'fresh'])
  expect(logger.lines).toEqual(['storage detached', 'storage attached'])
})

test('one that cannot be opened is tried again with every news, and said once for each reason', () => {
  const { done, logger, storage, take } = attachment()
  take({ storage: 'detached', staleFor: 400 })
  storage.fails = 'busy'
  for (let beat = 0; beat < 3; beat++) take({ storage: 'attached', staleFor: null })
  storage.fails = 'no such file'
  take({ storage: 'attached', staleFor: null })
  expect(done).not.toContain('resume')
  expect(done).not.toContain('fresh')
  storage.fails = null
  take({ storage: 'attached', staleFor: null })
  expect(done.slice(-4)).toEqual(['attach', 'catch up', 'resume', 'fresh'])
  expect(logger.lines).toEqual([
    'storage detached',
    'storage not attached',
    'storage not attached',
    'storage attached',
  ])
})

test('clients are told a time in whole milliseconds, though the age is measured in fractions', () => {
  const { done, take } = attachment()
  take({ storage: 'attached', staleFor: 400.4 })
  expect(done).toEqual(['stale since 4600'])
})
