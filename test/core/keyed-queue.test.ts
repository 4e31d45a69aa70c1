import { expect, test } from 'bun:test'
import { createKeyedQueue } from '../../src/core/keyed-queue.ts'

test('work of one key runs in order, one after another, and begins at once when nothing waits', async () => {
  const queue = createKeyedQueue<string>()
  const log: string[] = []
  const first = Promise.withResolvers<void>()
  const work = (name: string, until: Promise<void>) => async () => {
    log.push(`${name} begins`)
    await until
    log.push(`${name} ends`)
    return name
  }
  const answers = [
    queue.run('a', work('a1', first.promise)),
    queue.run('a', work('a2', Promise.resolve())),
    queue.run('b', work('b1', Promise.resolve())),
  ]
  expect(log).toEqual(['a1 begins', 'b1 begins'])
  first.resolve()
  expect(await Promise.all(answers)).toEqual(['a1', 'a2', 'b1'])
  expect(log).toEqual(['a1 begins', 'b1 begins', 'b1 ends', 'a1 ends', 'a2 begins', 'a2 ends'])
  void queue.run('a', work('a3', Promise.resolve()))
  expect(log.at(-1)).toBe('a3 begins')
})

test('work that fails fails alone', async () => {
  const queue = createKeyedQueue<string>()
  const failing = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('a', async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
