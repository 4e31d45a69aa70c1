import { describe, expect, test } from 'bun:test'
import { brotliDecompressSync } from 'node:zlib'
import type { Logger } from '../../src/core/logger.ts'
import { createPages, type PageFile } from '../../src/http/pages.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const html = '<!doctype html><title>t</title>'.repeat(20)
const FILES: readonly PageFile[] = [
  { path: '/', type: 'text/html;charset=utf-8', bytes: Buffer.from(html), hashed: false },
  { path: '/assets/i-1.png', type: 'image/png', bytes: new Uint8Array([1, 2, 3]), hashed: true },
]
const pages = createPages(async () => FILES, quiet)

describe('pages', () => {
  test('text is compressed as the browser accepts, bytes are the same', async () => {
    const br = await get('/', { 'accept-encoding': 'gzip, deflate, br' })
    expect(br?.headers.get('content-encoding')).toBe('br')
    expect(
      brotliDecompressSync(new Uint8Array((await br?.arrayBuffer()) ?? new ArrayBuffer())).toString(),
    ).toBe(html)
    const plain = await get('/')
    expect(plain?.headers.get('content-encoding')).toBeNull()
    expect(await plain?.text()).toBe(html)
  })

  test('pictures are sent as they are, and kept for ever under their hashed name', async () => {
    const icon = await get('/assets/i-1.png', { 'accept-encoding': 'br' })
    expect(icon?.headers.get('content-encoding')).toBeNull()
    expect(icon?.headers.get('cache-control')).toContain('immutable')
    expect((await get('/'))?.headers.get('cache-control')).toBe('no-cache')
  })

  test('a known tag is answered without a body', async () => {
    const etag = (await get('/'))?.headers.get('etag') ?? ''
    const again = await get('/', { 'if-none-match': etag })
    expect(again?.status).toBe(304)
    expect(await again?.text()).toBe('')
  })

  test('other paths and methods are somebody else’s', async () => {
    expect(await get('/api/user')).toBeNull()
    expect(await get('/assets/none.js')).toBeNull()
    expect(await pages.respond(new Request('http://x/', { method: 'POST' }))).toBeNull()
  })

  test('other paths do not wait for the bundler', async () => {
    const never = createPages(() => new Promise(() => {}), quiet)
    expect(await never.respond(new Request('http://x/api/user'))).toBeNull()
  })

  test('a page that does not build is said at its address, and the rest of the server goes on', async () => {
    const broken = createPages(() => Promise.reject(new Error('no such file')), quiet)
    expect((await broken.respond(new Request('http://x/')))?.status).toBe(500)
    expect(await broken.respond(new Request('http://x/health'))).toBeNull()
  })
})

function get(path: string, headers: Record<string, string> = {}): Promise<Response | null> {
  return pages.respond(new Request(`http://x${path}`, { headers }))
}
