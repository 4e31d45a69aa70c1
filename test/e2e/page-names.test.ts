import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Locator } from 'playwright-core'
import { createDevice } from '../../src/boards/rewards/client/device.ts'
import type { Client } from '../../src/client/api.ts'
import { CHROMIUM, openPage, startBrowser } from './browser.ts'
import { logInByFile, makeKeyFile, registerKey, widest } from './page-steps.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const LONG_NAME = 'W'.repeat(64)
/** It turns the direction of all that follows, unless it is isolated. */
const TURNED_NAME = '\u202Eרשת'

describe.skipIf(CHROMIUM === null)('names that people typed', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: ServerProcess
  let browser: Browser
  let file: string
  const clients: Client[] = []
  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startServer(folder.path)
    browser = await startBrowser()
    file = await makeKeyFile(folder.path)
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    await browser.close()
    await server.stop('SIGKILL')
    await folder.remove()
  })

  test('do not make the page wider than the screen, however long they are', async () => {
    const { page } = await openPage(browser, `${server.url}/#account`, 390)
    await addDevice(LONG_NAME)
    await logInByFile(page, file)
    await page.locator('.device').getByText(LONG_NAME).first().waitFor()
    // An activity of the device, which names it too.
    await addDevice(TURNED_NAME)
    await page.locator('.activity').getByText(TURNED_NAME).first().waitFor()
    for (const width of [390, 768, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await widest(page)).toBeLessThanOrEqual(width)
    }
    await page.getByRole('button', { name: 'Forget key' }).click()
    await page.setViewportSize({ width: 390, height: 900 })
    const dialog = await page.getByRole('dialog').boundingBox()
    expect(dialog?.width).toBeLessThanOrEqual(390)
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  test('do not turn the direction of the sentence around them', async () => {
    const { page } = await openPage(browser, `${server.url}/#account`)
    await logInByFile(page, file)
    await page.locator('.device').getByText(TURNED_NAME).first().waitFor()
    await addDevice(TURNED_NAME)
    const line = page.locator('.activity li').filter({ hasText: 'came online' })
    expect(await gapAfterName(line.first())).toBeGreaterThanOrEqual(0)
  })

  async function addDevice(name: string): Promise<void> {
    const client = await registerKey(server, file, { username: 'w'.repeat(32) })
    clients.push(client)
    const device = createDevice(client)
    const connected = await device.connect({ device_id: `d${clients.length}`, name })
    expect(connected).toMatchObject({ ok: true })
    const network = { name, loss: 0, rtt: 10, bytes_in: 0, bytes_out: 0 }
    expect(await device.networkUpdate([network])).toMatchObject({ ok: true })
  }
})

/** Returns how far right of its name the rest of a line begins, in pixels. */
function gapAfterName(line: Locator): Promise<number> {
  return line.evaluate((element) => {
    const name = element.querySelector('b')
    const rest = name?.nextSibling?.nextSibling
    if (name == null || rest == null) throw new Error('the line has no name')
    const range = document.createRange()
    range.selectNode(rest)
    const [begin] = range.getClientRects()
    return (begin?.left ?? 0) - name.getBoundingClientRect().right
  })
}
