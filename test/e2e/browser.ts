import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** A page and everything that went wrong on it so far. */
export type WatchedPage = {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors, uncaught exceptions and refused resources, as text. */
  readonly problems: string[]
}

/** Where distributions install Chromium; a configured path comes first. */
const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Returns the path of the browser; null if this machine has none. */
export const CHROMIUM = PLACES.find((place) => place !== undefined && existsSync(place)) ?? null

/** Starts Chromium headless, with its own background network services switched off. */
export async function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('no Chromium: install the package chromium, or set CHROMIUM_PATH')
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}

/** Opens the address in a new profile, in a window of the given width. */
export async function openPage(browser: Browser, url: string, width = 1280): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 } })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    // What was on its way when the page was left is no problem of the page.
    if (reason !== 'net::ERR_ABORTED') problems.push(`${request.url()}: ${reason}`)
  })
  await page.goto(url)
  return { page, context, problems }
}
