import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { createDevice } from '../../src/boards/rewards/client/device.ts'
import { createClient } from '../../src/client/client.ts'
import { openKey } from '../../src/client/key.ts'
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from './browser.ts'
import {
  identity,
  laterTotal,
  logInByFile,
  logInByText,
  makeKeyFile,
  online,
  registerKey,
  total,
  untilOnline,
  widest,
} from './page-steps.ts'
import { newKey, openLoggedIn } from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

/** Compressed bytes of everything that a first visit loads. */
const FIRST_LOAD_BYTES = 54 * 1024

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

test('a first visit loads at most 54 KB, no chart and no code for keys', async () => {
  const { server } = await start()
  const html = await text(server, '/')
  const names = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
  expect(names.length).toBeGreaterThanOrEqual(3)
  const files = await Promise.all(names.map((name) => text(server, name)))
  const bytes = [html, ...files].reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
  console.log(`first load: ${bytes} bytes compressed, in ${files.length + 1} files`)
  expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES)
  expect(files.some((file) => file.includes('u-over'))).toBe(true)
  // The code of the chart library, and that for keys, are in files that the page does not name.
  expect(files.some((file) => file.includes('setCursor'))).toBe(false)
  expect(names.filter((name) => /\/keys-/.test(name))).toEqual([])
  // Nothing comes from another server.
  expect(html.match(/(?:src|href)="(?!\/assets\/)[^"]*"/g)).toBeNull()
})

describe.skipIf(CHROMIUM === null)('the page in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test('shows the network live without a login', async () => {
    const { server } = await start()
    const { page, problems } = await visit(browser, server.url)
    await page.getByText('No devices yet').waitFor()
    expect(await online(page)).toBe('0')
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, newKey())
    device.send({ type: 'connect', device_id: 'd1', id: 'c1' })
    await device.until('ack', { id: 'c1' })
    await untilOnline(page, '1')
    await page.getByRole('heading', { name: 'Newest arrivals' }).waitFor()
    expect(await page.locator('.arrivals .feed-line').count()).toBe(1)
    const before = await total(page)
    expect(await laterTotal(page)).toBeGreaterThan(before)
    device.send({ type: 'disconnect', id: 'c2' })
    await untilOnline(page, '0')
    expect(problems).toEqual([])
  })

  test('one button makes the tab a device with a score that earns, and a reload keeps user and device', async () => {
    const { server } = await start()
    const { page, problems } = await visit(browser, server.url)
    await page.getByRole('button', { name: 'Make this tab a device' }).click()
    await page.locator('.card .status-good').waitFor()
    await untilOnline(page, '1')
    // The score is measured: it comes with the first report.
    await page.waitForFunction(() =>
      /^\d+$/.test(document.querySelector('.tab-score-head b')?.textContent ?? ''),
    )
    const mine = await identity(page)
    await page.getByRole('link', { name: /^My devices\s*1$/ }).click()
    const row = page.locator(`[data-device="${mine.device}"]`)
    await row.getByText('this tab').waitFor()
    expect(await row.getByText('Earning').count()).toBe(1)
    await page.locator('.history canvas').waitFor()
    await page.getByText('Show as a table').click()
    expect(await page.locator('.history-table tbody tr').count()).toBe(24)

    await page.reload()
    await page.locator(`[data-device="${mine.device}"] .status-good`).waitFor()
    expect(await identity(page)).toEqual(mine)
    await untilOnline(page, '1', '#network')

    await page.getByRole('button', { name: 'Stop' }).click()
    await untilOnline(page, '0')
    await page.getByRole('button', { name: 'Make this tab a device' }).waitFor()
    expect(problems).toEqual([])
  })

  test('an exported key logs another browser in as the same user, until it is forgotten there', async () => {
    const { server } = await start()
    const first = await visit(browser, server.url)
    await first.page.getByRole('button', { name: 'Make this tab a device' }).click()
    await first.page.locator('.card .status-good').waitFor()
    await first.page.goto(`${server.url}/#account`)
    const download = first.page.waitForEvent('download')
    await first.page.getByRole('button', { name: 'Export key' }).click()
    const file = await (await download).path()

    const second = await visit(browser, `${server.url}/#account`)
    await logInByText(second.page, 'not a key')
    await second.page.getByText('Paste the whole key file').waitFor()
    await second.page.getByRole('button', { name: 'Cancel' }).click()
    await logInByFile(second.page, file)
    const mine = await identity(first.page)
    await second.page.locator(`[data-device="${mine.device}"]`).waitFor()

    await second.page.getByRole('button', { name: 'Forget key' }).click()
    await second.page.getByRole('button', { name: 'Forget it for good' }).click()
    await second.page.getByRole('button', { name: 'I have a key' }).waitFor()
    expect(await second.page.evaluate(() => localStorage.length)).toBe(0)
    expect([...first.problems, ...second.problems]).toEqual([])
  })

  test('a visit shows what happened to the devices since the last one', async () => {
    const { server } = await start()
    const { page, problems } = await visit(browser, `${server.url}/#account`)
    await page.getByRole('button', { name: 'Make this tab a device' }).click()
    await page.locator('.activity').getByText('came online').waitFor()
    const secret = await page.evaluate(() => localStorage.getItem('dashboard.identity') ?? '')
    await page.goto('about:blank')
    const key = openKey(/"secret":"([^"]+)"/.exec(secret)?.[1] ?? '')
    if (key === null) throw new Error('the page kept no key')
    const other = createClient({ url: `${server.socketUrl}/ws`, credentials: { type: 'key', key } })
    other.connect()
    const device = createDevice(other)
    expect(await device.connect({ device_id: 'pi', name: 'Raspberry' })).toMatchObject({ ok: true })
    await device.disconnect()
    other.close()
    await page.goto(`${server.url}/#account`)
    // Once each. Other lines depend on when the tab gave up the address that the two devices share.
    for (const text of ['Raspberry came online', 'Raspberry went offline']) {
      await page.locator('.activity').getByText(text).waitFor()
      expect(await page.locator('.activity').getByText(text).count()).toBe(1)
    }
    expect(problems).toEqual([])
  })

  test('after a restart of the server the page reconnects, and the tab is a device again', async () => {
    const { server, folder } = await start()
    const { page } = await visit(browser, server.url)
    await page.getByRole('button', { name: 'Make this tab a device' }).click()
    await page.locator('.card .status-good').waitFor()
    await server.stop()
    await page.locator('[data-link="offline"], [data-link="connecting"]').waitFor()
    await page.getByText('The numbers are as of').waitFor()
    expect(await page.locator('.page-main.is-stale').count()).toBe(1)
    const again = await startServer(folder, { DASHBOARD_PORT: String(server.port) })
    cleanups.push(() => again.stop('SIGKILL'))
    await page.locator('[data-link="live"]').waitFor({ timeout: 25_000 })
    await page.locator('.card .status-good').waitFor()
    await untilOnline(page, '1')
    expect(await page.locator('.banner').count()).toBe(0)
  })

  test('a key that the server does not know is refused, and can be registered', async () => {
    const { server } = await start()
    const { page } = await visit(browser, `${server.url}/#account`)
    const file = await makeKeyFile((await newFolder()).path)
    await logInByFile(page, file)
    await page.getByText('The login failed').waitFor()
    // The page goes on without a login.
    await page.locator('[data-link="live"]').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await page.evaluate(() => localStorage.length)).toBe(0)

    // A key that it did know, on a server that has lost its data.
    const other = await registerKey(server, file)
    other.close()
    await logInByFile(page, file)
    await page.getByText('You have no devices yet').waitFor()
    await server.stop()
    const empty = await startServer((await newFolder()).path, { DASHBOARD_PORT: String(server.port) })
    cleanups.push(() => empty.stop('SIGKILL'))
    await page.reload()
    await page.getByText('Your key is not known here').waitFor()
    await page.getByRole('button', { name: 'Register it on this server' }).click()
    await page.getByText('You have no devices yet').waitFor()
  })

  test('no view is wider than the screen of a phone', async () => {
    const { server } = await start()
    const { page, problems } = await visit(browser, server.url, 390)
    await page.getByRole('button', { name: 'Make this tab a device' }).click()
    await page.locator('.card .status-good').waitFor()
    expect(await widest(page)).toBeLessThanOrEqual(390)
    await page.goto(`${server.url}/#account`)
    await page.locator('.device').waitFor()
    expect(await widest(page)).toBeLessThanOrEqual(390)
    expect(problems).toEqual([])
  })
})

async function start(): Promise<{ readonly server: ServerProcess; readonly folder: string }> {
  const folder = await newFolder()
  const server = await startServer(folder.path)
  cleanups.push(() => server.stop('SIGKILL'))
  return { server, folder: folder.path }
}

async function newFolder(): Promise<{ readonly path: string }> {
  const folder = await temporaryFolder()
  cleanups.push(() => folder.remove())
  return folder
}

async function visit(browser: Browser, url: string, width?: number): Promise<WatchedPage> {
  const watched = await openPage(browser, url, width)
  cleanups.push(() => watched.context.close())
  await watched.page.locator('[data-link="live"]').waitFor()
  return watched
}

async function text(server: ServerProcess, path: string): Promise<string> {
  const response = await fetch(server.url + path)
  expect(response.status).toBe(200)
  return response.text()
}
