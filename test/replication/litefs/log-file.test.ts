import { afterAll, expect, test } from 'bun:test'
import { appendFileSync, closeSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beginLog, followLog } from '../../../src/replication/litefs/log-file.ts'
import { temporaryFolder } from '../../support/storages.ts'
import { until } from '../../support/until.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const place = (name: string) => join(folder.path, name)

test('every line of a log is heard once, as it comes or at the end, and also an unfinished last one', async () => {
  const path = place('lines')
  closeSync(beginLog(path))
  const heard: string[] = []
  const stop = followLog(path, 'beginning', (line) => heard.push(line))
  appendFileSync(path, 'one\ntw')
  await until(() => heard.length === 1, 'the first line')
  appendFileSync(path, 'o\n\nthree')
  stop()
  expect(heard).toEqual(['one', 'two', 'three'])
})

test('who comes later hears what comes later', () => {
  const path = place('later')
  closeSync(beginLog(path))
  appendFileSync(path, 'before\n')
  const heard: string[] = []
  const stop = followLog(path, 'end', (line) => heard.push(line))
  appendFileSync(path, 'after\n')
  stop()
  expect(heard).toEqual(['after'])
})

test('a long log begins anew, and its writer goes on in it', async () => {
  const path = place('long')
  const log = beginLog(path)
  let heard = 0
  const stop = followLog(path, 'beginning', () => heard++)
  const line = `${'x'.repeat(99)}\n`
  writeSync(log, line.repeat(11_000))
  await until(() => statSync(path).size === 0, 'a new beginning')
  writeSync(log, line)
  expect(statSync(path).size).toBe(100)
  stop()
  expect(heard).toBe(11_001)
  closeSync(log)
})

test('a log that is not there has no lines, and harms nobody', () => {
  const stop = followLog(place('nothing'), 'end', () => expect.unreachable())
  stop()
})
