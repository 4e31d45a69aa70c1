import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Millis } from '../../core/clock.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { expandVariables } from './expand-variables.ts'

/** The settings of LiteFS's own configuration file that the server needs. */
export type LitefsSettings = {
  readonly file: string
  /** The folder at which LiteFS mounts its databases. */
  readonly mountDir: string
  /** The address that its API is bound to; null for all addresses of the host. */
  readonly bindHost: string | null
  readonly port: number
  /** The URL of its API for this host. */
  readonly apiUrl: string
  /** This node's name, by which the other nodes reach its host. */
  readonly node: string
  readonly candidate: boolean
  readonly lease:
    | { readonly type: 'static' }
    | { readonly type: 'consul'; readonly url: string; readonly key: string; readonly ttl: Millis }
}

/** The database's name within LiteFS. */
export const DATABASE = 'dashboard.sqlite'

/** Returns the path of the database in LiteFS's mount. */
export function mountedDatabase({ mountDir }: LitefsSettings): string {
  return join(mountDir, DATABASE)
}

/**
 * Reads LiteFS's configuration file, with variables expanded as LiteFS does it, so that no setting has to be
 * given twice. Fails with a sentence for the operator. LiteFS itself refuses unknown fields; here only the
 * fields that the server needs are checked.
 */
export function readLitefsSettings(
  file: string,
  environment: { readonly [name: string]: string | undefined },
): Result<LitefsSettings, string> {
  const wrong = (what: string) => fail(`DASHBOARD_LITEFS: ${file} ${what}`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return wrong(`cannot be read (${reasonOf(error)}); name LiteFS's configuration file`)
  }
  let parsed: unknown
  try {
    parsed = Bun.YAML.parse(expandVariables(text, environment))
  } catch (error) {
    return wrong(`is not YAML (${reasonOf(error)})`)
  }
  if (!Value.Check(LitefsFile, parsed)) {
    const first = Value.Errors(LitefsFile, parsed).First()
    return wrong(`does not fit at ${first?.path || '/'}: ${first?.message ?? 'a mapping is expected'}`)
  }
  return settingsOf(file, parsed, wrong)
}

function settingsOf(
  file: string,
  { fuse, http, lease, exec, proxy }: Static<typeof LitefsFile>,
  wrong: (what: string) => { readonly ok: false; readonly error: string },
): Result<LitefsSettings, string> {
  if (!isEmpty(exec)) return wrong('has exec: the server starts LiteFS and not the other way round')
  if (!isEmpty(proxy)) return wrong('has proxy: the server forwards writes itself')
  const address = /^(.*):(\d{1,5})$/.exec(http?.addr ?? ':20202')
  if (address === null) return wrong(`has an http.addr that is not host:port`)
  const [, host = '', port = ''] = address
  const bindHost = host.replace(/^\[(.*)\]$/, '$1')
  // Without one LiteFS takes the host's own name, which other nodes may not be able to resolve.
  if (lease.hostname === undefined || lease.hostname === '') {
    return wrong('needs lease.hostname: the name or address at which other nodes reach this host')
  }
  const isAnywhere = bindHost === '' || bindHost === '0.0.0.0' || bindHost === '::'
  const common = {
    file,
    // As the kernel names it, without a slash at its end.
    mountDir: resolve(fuse.dir),
    bindHost: isAnywhere ? null : bindHost,
    port: Number(port),
    apiUrl: `http://${isAnywhere ? '127.0.0.1' : host}:${port}`,
    node: lease.hostname,
    candidate: lease.candidate ?? true,
  }
  if (lease.type === 'static') {
    // With a static lease every node names the primary here.
    if (common.candidate) return ok({ ...common, lease: { type: 'static' } })
    if (isAnywhere) return wrong('needs an http.addr with a host, which names a node that does not lead')
    return ok({ ...common, node: bindHost, lease: { type: 'static' } })
  }
  if (lease.consul === undefined) return wrong('needs lease.consul.url and lease.consul.key')
  const { url, key, ttl } = lease.consul
  if (!URL.canParse(url)) return wrong('has a lease.consul.url that is no URL; is its variable set?')
  return ok({ ...common, lease: { type: 'consul', url, key, ttl: durationOf(ttl ?? '10s') } })
}

/** Returns true for a field that is missing, or whose lines are all commented out. */
const isEmpty = (part: unknown) => part === undefined || part === null

/** The fields of LiteFS's file that the server reads. */
const LitefsFile = Type.Object({
  fuse: Type.Object({ dir: Type.String({ minLength: 1 }) }),
  http: Type.Optional(Type.Object({ addr: Type.Optional(Type.String()) })),
  lease: Type.Object({
    type: Type.Union([Type.Literal('consul'), Type.Literal('static')]),
    hostname: Type.Optional(Type.String()),
    candidate: Type.Optional(Type.Boolean()),
    consul: Type.Optional(
      Type.Object({
        url: Type.String({ minLength: 1 }),
        key: Type.String({ minLength: 1 }),
        ttl: Type.Optional(Type.String({ pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h))+$' })),
      }),
    ),
  }),
  exec: Type.Optional(Type.Unknown()),
  proxy: Type.Optional(Type.Unknown()),
})

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** Returns a duration as Go writes it, `1m30s`, in ms. */
function durationOf(text: string): Millis {
  let total = 0
  for (const [, amount = '0', unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    if (unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h') total += Number(amount) * UNITS[unit]
  }
  return total
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
