import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from './browser.ts'
import { widest } from './page-steps.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

/** The whole server with one more board, which brings a page of its own. */
const TOY_SERVER = fileURLToPath(new URL('../support/toy-server.ts', import.meta.url))

describe.skipIf(CHROMIUM === null)('the page of a server with two boards', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: ServerProcess
  let browser: Browser
  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startServer(folder.path, {}, TOY_SERVER)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await server.stop('SIGKILL')
    await folder.remove()
  })

  test('has the views of both in its navigation, and begins with the first', async () => {
    const { page, problems } = await visit('/')
    expect(await page.locator('main').getAttribute('data-view')).toBe('rewards.network')
    const titles = await page.getByRole('navigation').getByRole('link').allTextContents()
    expect(titles).toEqual(['Network', 'My devices', 'Counters'])
    const boards = page.getByRole('navigation').getByRole('list')
    expect(await boards.nth(0).getAttribute('aria-label')).toBe('Rewards')
    expect(await boards.nth(1).getAttribute('aria-label')).toBe('Toy')
    expect(problems).toEqual([])
  })

  test('loads the code of a view when it is asked for, not before', async () => {
    const { page } = await visit('/')
    const isLoaded = () =>
      page.evaluate(() =>
        performance.getEntriesByType('resource').some(({ name }) => /counters-view/.test(name)),
      )
    expect(await isLoaded()).toBe(false)
    await page.getByRole('link', { name: 'Counters' }).click()
    await page.getByRole('heading', { name: 'Counters' }).waitFor()
    expect(await isLoaded()).toBe(true)
  })

  test('shows a view by its address, live, with its own title and note', async () => {
    const { page, problems } = await visit('/#counters')
    await page.getByText('This board is for tests.').waitFor()
    const first = await beats(page)
    await page.waitForFunction((before) => {
      const shown = document.querySelector('.panel-aside')?.textContent ?? ''
      return Number.parseInt(shown.replaceAll(',', ''), 10) > before
    }, first)
    const total = await page.locator('.toy-total').textContent()
    expect(await page.title()).toBe(`${total} counted · Counters · Dashboard`)
    await page.getByRole('link', { name: 'My devices' }).click()
    await page.waitForFunction(() => document.title.endsWith('My devices · Dashboard'))
    expect(problems).toEqual([])
  })

  test('logs in by the header with a new key, and then sends a message of the board', async () => {
    const { page, problems } = await visit('/#counters')
    const total = Number(await page.locator('.toy-total').textContent())
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make one in this browser' }).click()
    await page.getByRole('button', { name: 'Add one' }).click()
    await page
      .locator('.toy-total')
      .getByText(String(total + 1), { exact: true })
      .waitFor()
    expect(problems).toEqual([])
  })

  test('is not wider than the screen of a phone', async () => {
    const { page } = await visit('/#counters', 390)
    await page.getByRole('heading', { name: 'Counters' }).waitFor()
    expect(await widest(page)).toBeLessThanOrEqual(390)
    // The navigation is wider, and scrolls to the present view.
    const link = await page.getByRole('link', { name: 'Counters' }).boundingBox()
    expect(link === null ? 0 : link.x + link.width).toBeWithin(1, 391)
  })

  test('makes a tab that was a device one again after a reload, whichever view it shows', async () => {
    const { page } = await visit('/')
    await page.getByRole('button', { name: 'Make this tab a device' }).click()
    await page.locator('.card .status-good').waitFor()
    await page.getByRole('link', { name: 'Counters' }).click()
    await page.getByRole('heading', { name: 'Counters' }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: /^My devices\s*1$/ }).waitFor()
    const { page: other } = await visit('/')
    await other.locator('.online .figure-huge').getByText('1', { exact: true }).waitFor()
  })

  test('says so when the code of a view cannot be loaded, and what to do', async () => {
    const { page } = await visit('/')
    await page.route('**/assets/counters-view*', (route) => route.abort())
    await page.getByRole('link', { name: 'Counters' }).click()
    await page.getByText('This view could not be loaded').waitFor()
    await page.unroute('**/assets/counters-view*')
    await page.getByRole('button', { name: 'Reload the page' }).click()
    await page.getByRole('heading', { name: 'Counters' }).waitFor()
  })

  async function visit(path: string, width?: number): Promise<WatchedPage> {
    const watched = await openPage(browser, server.url + path, width)
    await watched.page.locator('[data-link="live"]').waitFor()
    return watched
  }
})

/** Returns the number of beats that the page shows. */
async function beats(page: Page): Promise<number> {
  return Number.parseInt(((await page.locator('.panel-aside').textContent()) ?? '').replaceAll(',', ''), 10)
}
