import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import type { Client, Registration } from '../../src/client/api.ts'
import { createClient } from '../../src/client/client.ts'
import { readKeyText } from '../../src/web/state/key-text.ts'
import type { ServerProcess } from './server-process.ts'

/** Makes a key and its file, in the folder. */
export async function makeKeyFile(folder: string): Promise<string> {
  const file = join(folder, 'my.key')
  await writeFile(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return file
}

/**
 * Registers the key in the file, as another program would, and returns that program while it is connected.
 */
export async function registerKey(
  server: ServerProcess,
  file: string,
  registration: Registration = {},
): Promise<Client> {
  const key = readKeyText(await Bun.file(file).text())
  if (!key.ok) throw new Error(key.error)
  const client = createClient({
    url: `${server.socketUrl}/ws`,
    credentials: { type: 'key', key: key.value, register: registration },
  })
  const known = new Promise<void>((resolve) => client.onUser((user) => user !== null && resolve()))
  client.connect()
  await known
  return client
}

/** Logs in by the dialog with the text of a key. */
export async function logInByText(page: Page, text: string): Promise<void> {
  const dialog = await openLogin(page)
  await dialog.getByLabel('Private key (PEM)').fill(text)
  await dialog.getByRole('button', { name: 'Log in' }).click()
}

/** Logs in by the dialog with the file of a key. */
export async function logInByFile(page: Page, file: string): Promise<void> {
  const dialog = await openLogin(page)
  await dialog.getByLabel('or its file').setInputFiles(file)
  await dialog.getByRole('button', { name: 'Log in' }).click()
}

async function openLogin(page: Page): Promise<Locator> {
  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click()
  return page.getByRole('dialog')
}

/** Returns the number of devices online that the page shows. */
export async function online(page: Page): Promise<string> {
  return (await page.locator('.online .figure-huge').textContent()) ?? ''
}

/** Waits until the page shows this number of devices online; `hash` opens that view first. */
export async function untilOnline(page: Page, count: string, hash?: string): Promise<void> {
  if (hash !== undefined) await page.locator(`a.brand[href="${hash}"]`).click()
  await page.locator('.online .figure-huge').getByText(count, { exact: true }).waitFor()
}

/** Returns the total points of the network that the page shows. */
export async function total(page: Page): Promise<number> {
  const shown = await page.locator('.strip .amount').first().textContent()
  return Number((shown ?? '').replaceAll(',', ''))
}

/** Returns the same a second later. */
export async function laterTotal(page: Page): Promise<number> {
  await page.waitForTimeout(1_000)
  return total(page)
}

/** Returns the device id that this browser keeps, and the name of the user. */
export async function identity(page: Page): Promise<{ readonly device: string; readonly user: string }> {
  const stored = await page.evaluate(() => localStorage.getItem('dashboard.identity') ?? '')
  const device = /"device_id":"([^"]+)"/.exec(stored)?.[1] ?? ''
  return { device, user: (await page.locator('.who').textContent()) ?? '' }
}

/** Returns the width that the page needs, in CSS pixels. */
export async function widest(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth)
}
