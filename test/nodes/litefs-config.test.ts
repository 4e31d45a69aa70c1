import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isTable, read } from '../deploy/files.ts'
import { litefsTools } from './litefs-tools.ts'

const tools = await litefsTools()
const FILES = ['deploy/litefs.yml', 'deploy/litefs-compose.yml']
/** What LiteFS says of these folders after it has read the whole file, and before it does anything. */
const SAME_FOLDER = 'fuse directory and data directory cannot be the same path'

for (const file of FILES) {
  const text = read(file).replace(/dir: "\/data\/litefs"/, 'dir: "/litefs"')

  test.skipIf(tools === null)(`LiteFS itself takes every field of ${file}, and its values`, async () => {
    expect(text).not.toBe(read(file))
    expect(await said(text)).toEqual({ code: 2, error: `ERROR: ${SAME_FOLDER}\n` })
  })

  test.skipIf(tools === null)(`LiteFS refuses ${file} with any field misspelt`, async () => {
    const fields = fieldsOf(Bun.YAML.parse(text))
    expect(fields.size).toBeGreaterThan(15)
    for (const field of fields) {
      const { code, error } = await said(text.replaceAll(new RegExp(`^( *)${field}:`, 'gm'), `$1${field}x:`))
      expect({ code, error }).toEqual({
        code: 2,
        error: expect.stringContaining(`field ${field}x not found`),
      })
    }
  })

  test.skipIf(tools === null)(`LiteFS refuses ${file} with a duration or a lease that is none`, async () => {
    expect((await said(text.replace('ttl: "10s"', 'ttl: "ten"'))).error).toContain('cannot unmarshal')
    const elsewhere = read(file).replace('type: "consul"', 'type: "etcd"')
    expect((await said(elsewhere)).error).toContain('invalid lease type')
  })

  test(`${file} leaves starting the server and carrying its requests to the server`, () => {
    const fields = fieldsOf(Bun.YAML.parse(text))
    expect(fields.has('exec')).toBe(false)
    expect(fields.has('proxy')).toBe(false)
  })
}

/** How LiteFS ends with a configuration that it must not take. */
async function said(text: string): Promise<{ readonly code: number; readonly error: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-litefs-'))
  try {
    const file = join(folder, 'litefs.yml')
    writeFileSync(file, text)
    const environment = { HOSTNAME: 'node1', FLY_REGION: 'fra', PRIMARY_REGION: 'fra' }
    const child = Bun.spawn([tools?.litefs ?? '', 'mount', '-config', file], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Taken after all, it would wait for Consul for ever, deaf to SIGTERM.
      timeout: 10_000,
      killSignal: 'SIGKILL',
    })
    const error = await new Response(child.stderr).text()
    return { code: await child.exited, error }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fieldsOf(tree: unknown): ReadonlySet<string> {
  if (!isTable(tree)) return new Set()
  return new Set(Object.entries(tree).flatMap(([key, value]) => [key, ...fieldsOf(value)]))
}
