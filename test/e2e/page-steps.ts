import type { Page } from 'playwright-core'
import { createClient } from '../../src/client/client.ts'
import { readKeyText } from '../../src/web/state/key-text.ts'
import type { ServerProcess } from './server-process.ts'

/** Makes a user of the key in the file, as any other client would. */
export async function registerKey(server: ServerProcess, file: string): Promise<void> {
  const key = readKeyText(await Bun.file(file).text())
  if (!key.ok) throw new Error(key.error)
  const client = createClient({
    url: `${server.socketUrl}/ws`,
    credentials: { type: 'key', key: key.value, register: {} },
  })
  const known = new Promise<void>((resolve) => client.onUser((user) => user !== null && resolve()))
  client.connect()
  await known
  client.close()
}

/** The big number, as it stands there. */
export async function online(page: Page): Promise<string> {
  return (await page.locator('.online .figure-huge').textContent()) ?? ''
}

/** Waits until the big number is this one; `hash` opens that part of the page first. */
export async function untilOnline(page: Page, count: string, hash?: string): Promise<void> {
  if (hash !== undefined) await page.locator(`a.brand[href="${hash}"]`).click()
  await page.locator('.online .figure-huge').getByText(count, { exact: true }).waitFor()
}

/** The network's points as the page shows them. */
export async function total(page: Page): Promise<number> {
  const shown = await page.locator('.strip .amount').first().textContent()
  return Number((shown ?? '').replaceAll(',', ''))
}

/** The same a second later. */
export async function laterTotal(page: Page): Promise<number> {
  await page.waitForTimeout(1_000)
  return total(page)
}

/** Who this browser is, as far as a test may know. */
export async function identity(page: Page): Promise<{ readonly device: string; readonly user: string }> {
  const kept = await page.evaluate(() => localStorage.getItem('dashboard.identity') ?? '')
  const device = /"device_id":"([^"]+)"/.exec(kept)?.[1] ?? ''
  return { device, user: (await page.locator('.who').textContent()) ?? '' }
}

/** How wide the page would like to be, in CSS pixels. */
export async function widest(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth)
}
