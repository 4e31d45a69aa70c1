import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { errorResponse } from './errors.ts'

/** The web page's files, ready to send. */
export type Pages = {
  /** The file at the request's path; null when there is none, or the request is no GET or HEAD. */
  respond(request: Request): Promise<Response | null>
}

/** One file of the page as the bundler made it. */
export type PageFile = {
  readonly path: string
  readonly type: string
  readonly bytes: Uint8Array
  /** Whether the name changes with the content, so that browsers may keep it for ever. */
  readonly hashed: boolean
}

/**
 * Serves what `bundle` makes. Bundling starts at once but nobody waits for it except the first visitors of
 * the page: sockets and REST are there from the first moment. Text is compressed once, not per request.
 */
export function createPages(bundle: () => Promise<readonly PageFile[]>, logger: Logger): Pages {
  const files = bundle().then(
    (made) => new Map(made.map((file) => [file.path, prepare(file)])),
    (error: unknown) => {
      logger.error('the web page could not be built', { error: Bun.inspect(error) })
      return null
    },
  )
  return {
    async respond(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return null
      const path = new URL(request.url).pathname
      // Other paths are never the page's, and must not wait for it.
      if (path !== '/' && !path.startsWith(ASSETS)) return null
      const made = await files
      if (made === null) {
        return path === '/'
          ? errorResponse(appError('InternalError', 'the page could not be built; see the log'))
          : null
      }
      const file = made.get(path)
      return file === undefined ? null : send(file, request)
    },
  }
}

/** Everything of the page but `/` itself lies under this path. */
export const ASSETS = '/assets/'

type Prepared = {
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  readonly plain: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer> | null
  readonly brotli: Uint8Array<ArrayBuffer> | null
}

function prepare(file: PageFile): Prepared {
  const compressible = /^text\/|javascript|json|svg|manifest/.test(file.type)
  return {
    etag: `"${createHash('sha256').update(file.bytes).digest('base64url').slice(0, 22)}"`,
    headers: {
      'content-type': file.type,
      'cache-control': file.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': PAGE_POLICY,
      vary: 'accept-encoding',
    },
    plain: new Uint8Array(file.bytes),
    gzip: compressible ? new Uint8Array(gzipSync(file.bytes, { level: 9 })) : null,
    brotli: compressible ? new Uint8Array(brotliCompressSync(file.bytes, BROTLI)) : null,
  }
}

/** Quality 9: 11 takes a second for a large script and saves 2 % more. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

/** Only its own files and its own server; styles in attributes are what charts set. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function send(file: Prepared, request: Request): Response {
  const accepted = request.headers.get('accept-encoding') ?? ''
  const [encoding, bytes] = choose(file, accepted)
  const headers = { ...file.headers, etag: file.etag }
  if (request.headers.get('if-none-match') === file.etag) return new Response(null, { status: 304, headers })
  const body = request.method === 'HEAD' ? null : bytes
  return new Response(body, {
    headers: encoding === null ? headers : { ...headers, 'content-encoding': encoding },
  })
}

function choose(file: Prepared, accepted: string): readonly [string | null, Uint8Array<ArrayBuffer>] {
  if (file.brotli !== null && /\bbr\b/.test(accepted)) return ['br', file.brotli]
  if (file.gzip !== null && /\bgzip\b/.test(accepted)) return ['gzip', file.gzip]
  return [null, file.plain]
}
