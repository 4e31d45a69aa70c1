import { fail, ok, type Result } from '../core/result.ts'

/** Where the server is, as its REST routes and as its socket. */
export type ServerAddress = {
  /** Without a slash at the end. */
  readonly http: string
  readonly socket: string
  readonly port: number
  /** On this machine, so its operator key may lie in this machine's temporary folder. */
  readonly local: boolean
}

export type Environment = { readonly [name: string]: string | undefined }

/** The server named by `--url`, else the one that `npm start` with the same environment serves. */
export function serverAddress(
  given: string | undefined,
  environment: Environment,
): Result<ServerAddress, string> {
  const text = given ?? `http://127.0.0.1:${environment.DASHBOARD_PORT || 8080}`
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !/^(http|ws)s?:$/.test(url.protocol)) {
    return fail(`--url must be an address such as http://localhost:8080, not '${text}'`)
  }
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  const path = url.pathname.replace(/\/(ws\/?)?$/, '')
  return ok({
    http: `http${secure ? 's' : ''}://${url.host}${path}`,
    socket: `ws${secure ? 's' : ''}://${url.host}${path}/ws`,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    local: /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname),
  })
}

/** Whether a dashboard server answers there; the reason, with what to do, when none does. */
export async function findServer(server: ServerAddress): Promise<Result<null, string>> {
  const start = 'start one with npm start, or name another with --url'
  try {
    const response = await fetch(`${server.http}/health`, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    // A degraded server answers 503 and still takes sockets.
    if (response.ok || response.status === 503) return ok(null)
    return fail(
      `${server.http} answers, but not as a dashboard server (GET /health: ${response.status}); ${start}`,
    )
  } catch {
    return fail(`no server answers at ${server.http}; ${start}`)
  }
}
