import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from '../../../src/cli/cluster/child.ts'
import { poll } from '../../../src/cli/cluster/poll.ts'
import { litefsTools } from '../litefs/tools.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const folder = mkdtempSync(join(tmpdir(), 'dashboard-command-'))
const COMMAND = [process.execPath, join(import.meta.dir, '../../../src/cli/cluster.ts')]
const WHERE = ['--folder', folder, '--address', '127.0.2.11']
let cluster: Child | null = null

afterAll(async () => {
  if (cluster !== null) await cluster.stop('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** `npm run cluster -- WORDS`, as in a second terminal. */
async function order(...words: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const child = startChild({ command: [...COMMAND, ...words, ...WHERE] })
  const code = await child.exited
  await Bun.sleep(50)
  return { code, said: child.output() }
}

describe.skipIf(tools === null)('npm run cluster', () => {
  test('starts three nodes, takes orders from a second terminal, and ends with Ctrl-C, leaving nothing behind', async () => {
    expect((await order('status')).code).not.toBe(0)
    cluster = startChild({ command: [...COMMAND, ...WHERE] })
    await cluster.line((line) => (line.startsWith('Ctrl-C ends all') ? line : null))
    const status = await order('status')
    expect(status).toMatchObject({ code: 0 })
    expect(status.said).toMatch(/here-1\s+primary/)
    expect(status.said).toMatch(/away-1\s+replica.*may not lead/)

    expect(await order('handover')).toMatchObject({ code: 0 })
    await cluster.line((line) => (line.includes('here-2 (127.0.2.12) is the primary now') ? line : null))
    expect(await order('kill', 'primary')).toMatchObject({ code: 0 })
    await cluster.line((line) => (line.includes('here-2 (127.0.2.12) died') ? line : null))
    await poll(40_000, async () => (/here-\d\s+primary/.test((await order('status')).said) ? true : null))
    const nobody = await order('kill', 'elsewhere')
    expect(nobody.code).not.toBe(0)
    expect(nobody.said).toContain('elsewhere')

    expect(await cluster.stop('SIGINT')).toBe(0)
    cluster = null
    expect((await order('status')).said).not.toMatch(/primary/)
  })
})
