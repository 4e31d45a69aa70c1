import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { CHROMIUM, openPage, startBrowser } from '../e2e/browser.ts'
import { until } from '../e2e/cluster-server.ts'
import { widest } from '../e2e/page-steps.ts'
import { startServer, temporaryFolder } from '../e2e/server-process.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, startLocalCluster } from './local-cluster.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()

describe.skipIf(CHROMIUM === null)('the page, where there is no cluster', () => {
  test('looks at /health once and never again', async () => {
    const folder = await temporaryFolder()
    const server = await startServer(folder.path)
    const browser = await startBrowser()
    try {
      const { page } = await openPage(browser, 'about:blank')
      let looks = 0
      page.on('request', (request) => {
        if (new URL(request.url()).pathname === '/health') looks += 1
      })
      await page.clock.install()
      const answer = page.waitForResponse((response) => new URL(response.url()).pathname === '/health')
      await page.goto(server.url)
      await page.locator('[data-link="live"]').waitFor()
      // It is the answer that decides: a question that ran out, by this very clock, is rightly asked again.
      await (await answer).finished()
      // The page has read it when a whole request after it is through.
      await page.evaluate(() => fetch('/openapi/json').then((response) => response.text()))
      await page.clock.runFor(10_000)
      await page.getByText('No devices yet').waitFor()
      expect(looks).toBe(1)
      expect(await page.locator('.nodes').count()).toBe(0)
    } finally {
      await browser.close()
      await server.stop('SIGKILL')
      await folder.remove()
    }
  })
})

describe.skipIf(CHROMIUM === null || tools === null)('the page of a cluster of two nodes', () => {
  let cluster: LocalCluster
  let browser: Browser
  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    browser = await startBrowser()
    cluster = await startLocalCluster({ network: '127.0.50', candidates: [true, true], binaries: tools })
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.end()
  })

  test('shows both nodes, and a hand-over moves the mark of the primary', async () => {
    const first = await cluster.settled()
    const second = cluster.nodes.find((node) => node !== first)
    if (second === undefined) throw new Error('there is no second node')
    const { page, problems } = await openPage(browser, second.url)
    await mark(page, first.address, 'primary').waitFor()
    await mark(page, second.address, 'replica').waitFor()
    expect(await page.locator('.nodes tbody tr').count()).toBe(2)
    await page.locator('.nodes').getByText(`${first.address} leads.`).waitFor()
    // Who answers is who was asked.
    expect(await row(page, second.address).getByText('serves this page').count()).toBe(1)
    expect(await row(page, first.address).getByText('serves this page').count()).toBe(0)
    expect(await row(page, first.address).textContent()).toContain('region-')

    first.signal('SIGUSR2')
    await mark(page, second.address, 'primary').waitFor()
    await mark(page, first.address, 'replica').waitFor()
    await page.locator('.nodes').getByText(`${second.address} leads.`).waitFor()
    expect(await cluster.settled()).toBe(second)
    expect(problems).toEqual([])
  })

  test('fits a phone', async () => {
    const primary = await cluster.settled()
    const { page } = await openPage(browser, primary.url, 390)
    await page.locator('.nodes tbody tr').nth(1).waitFor()
    expect(await widest(page)).toBeLessThanOrEqual(390)
  })

  test('is asked for while the tab is shown, and not while it is hidden', async () => {
    const primary = await cluster.settled()
    const { page } = await openPage(browser, 'about:blank')
    let looks = 0
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/health') looks += 1
    })
    await page.clock.install()
    await page.goto(primary.url)
    await page.locator('.nodes').waitFor()
    const seen = looks
    await page.clock.runFor(3_000)
    await until(async () => (looks > seen ? true : null))
    await show(page, 'hidden')
    await page.waitForLoadState('networkidle')
    const before = looks
    await page.clock.runFor(10_000)
    // The page's own time has gone on, and what it was about to ask is asked.
    await page.evaluate(() => fetch('/favicon.ico').catch(() => null))
    expect(looks).toBe(before)
    await show(page, 'visible')
    await until(async () => (looks > before ? true : null))
  })
})

const row = (page: Page, node: string) => page.locator(`.nodes [data-node="${node}"]`)
const mark = (page: Page, node: string, role: 'primary' | 'replica') =>
  page.locator(`.nodes [data-node="${node}"][data-role="${role}"]`)

/** As a browser does when another tab comes to the front. */
function show(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  return page.evaluate((given) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => given })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}
