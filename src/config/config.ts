import type { Millis } from '../core/clock.ts'
import type { AddressRanges, AllowedOrigins, KnownHosts } from '../http/types.ts'
import {
  addressRanges,
  boardNames,
  channelNames,
  type Field,
  file,
  hosts,
  loopbackHosts,
  nearest,
  oneOf,
  origins,
  redisUrl,
  text,
  whole,
  wholeOrAuto,
} from './fields.ts'

/** Everything the environment decides, checked. Nothing else in the program reads the environment. */
export type Config = {
  /** The address to bind: a host name or an IP. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** The folder that holds everything the server keeps. */
  readonly dataDir: string
  /** Processes that serve the port; `auto`: as the machine has cores. */
  readonly processes: number | 'auto'
  /** Which of them this one is; null for the one that was started by somebody else than ourselves. */
  readonly processNumber: number | null
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  /** Channels that anyone may read without a login. */
  readonly publicChannels: readonly string[]
  readonly origins: AllowedOrigins
  /** Hosts that clients may ask for. */
  readonly publicHosts: KnownHosts
  /** Peers whose `x-forwarded-for` is believed. */
  readonly trustedProxies: AddressRanges
  readonly compression: 'off' | 'on'
  /** Another country database (MMDB) than the bundled one. */
  readonly countryFile: string | null
  /** How long journal rows and remembered answers are kept. */
  readonly retention: Millis
  /** LiteFS's own configuration file, which makes this server a node of a cluster; null for one that is alone. */
  readonly litefs: string | null
  /** The LiteFS program: a path, or a name that is looked up like a command. */
  readonly litefsBinary: string
  /** Where the nodes of a cluster talk to each other; the same on all of them. */
  readonly nodePort: number
  /** Where this node is, as it shows itself; empty where nobody said. */
  readonly region: string
  /** Boards whose changes are acknowledged only when a second node has them. */
  readonly ackReplicated: readonly string[]
  /** Most commits a second over LiteFS, where each one costs milliseconds. */
  readonly commitsPerSecond: number
  /** Redis, which carries what is not journaled between hosts; null where nothing does. May hold a password. */
  readonly redisUrl: string | null
  readonly limits: Limits
  /** Started by `npm start` or the like, and to end with it. */
  readonly isPackageScript: boolean
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'
export type LogFormat = 'auto' | 'json' | 'pretty'

export type Limits = {
  /** Open sockets of the whole process. */
  readonly connections: number
  /** Open sockets of one address (IPv6: of one /64). */
  readonly connectionsPerAddress: number
  /** Channels one session may be subscribed to. */
  readonly subscriptions: number
  /** Channels with parameters that all sessions of the process may hold together. */
  readonly channels: number
  /** Sustained socket messages a second of one session; twice as many in a burst. */
  readonly messagesPerSecond: number
  /** Sustained HTTP requests a second of one address; twice as many in a burst. */
  readonly requestsPerSecond: number
  /** New users of one address a minute; ten times as many in a burst. */
  readonly registrationsPerMinute: number
  /** Bytes that may wait for one slow reader before it is taken off its topics. */
  readonly bufferBytes: number
}

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] }

export type Environment = { readonly [name: string]: string | undefined }

/**
 * Reads every `DASHBOARD_*` variable. All mistakes come back at once, one line each, naming the variable, what was
 * given and what is expected; an unknown `DASHBOARD_*` variable is only a warning, since it may belong to a newer version.
 */
export function readConfig(environment: Environment): ConfigOutcome {
  const errors: string[] = []
  const read = <T>(name: keyof typeof VARIABLES, field: Field<T>): T => {
    const given = environment[name]
    // An empty value is what `FOO= npm start` and empty Compose entries produce: it means "not set".
    if (given === undefined || given === '') return field.fallback
    const parsed = field.parse(given)
    if (parsed.ok) return parsed.value
    const shown = field.secret ? 'a value that is not shown' : JSON.stringify(given)
    errors.push(`${name}: ${shown} was given, ${parsed.error} is expected`)
    return field.fallback
  }
  const host = read('DASHBOARD_HOST', text('127.0.0.1', 'a host name or IP address', /^[A-Za-z0-9.:_-]+$/))
  const local = loopbackHosts(host)
  const config: Config = {
    host,
    port: read('DASHBOARD_PORT', whole(8080, 0, 65_535)),
    dataDir: read('DASHBOARD_DATA', file('./data')),
    processes: read('DASHBOARD_PROCESSES', wholeOrAuto(1, 1, 256)),
    processNumber: numberOf(environment[PROCESS_NUMBER]),
    logLevel: read('DASHBOARD_LOG_LEVEL', oneOf('info', ['debug', 'info', 'warn', 'error', 'silent'])),
    logFormat: read('DASHBOARD_LOG_FORMAT', oneOf('auto', ['auto', 'json', 'pretty'])),
    publicChannels: read('DASHBOARD_PUBLIC_CHANNELS', channelNames(['rewards.summary'])),
    origins: read('DASHBOARD_ORIGINS', origins()),
    publicHosts: read(
      'DASHBOARD_PUBLIC_HOSTS',
      hosts(local === null ? { mode: 'any' } : { mode: 'listed', hosts: local }),
    ),
    trustedProxies: read('DASHBOARD_TRUSTED_PROXIES', addressRanges()),
    compression: read('DASHBOARD_COMPRESSION', oneOf('off', ['off', 'on'])),
    countryFile: read('DASHBOARD_COUNTRY_FILE', file(null)),
    retention: read('DASHBOARD_RETENTION_HOURS', whole(168, 1, 87_600)) * 3_600_000,
    litefs: read('DASHBOARD_LITEFS', file(null)),
    litefsBinary: read('DASHBOARD_LITEFS_BINARY', file('litefs')),
    nodePort: read('DASHBOARD_NODE_PORT', whole(20_203, 1, 65_535)),
    region: read('DASHBOARD_REGION', text(environment.FLY_REGION ?? '', 'a word like fra', /^[\w.-]+$/)),
    ackReplicated: read('DASHBOARD_ACK_REPLICATED', boardNames([])),
    commitsPerSecond: read('DASHBOARD_COMMITS_PER_SECOND', whole(20, 1, 1_000)),
    redisUrl: read('DASHBOARD_REDIS_URL', redisUrl()),
    isPackageScript: environment.npm_lifecycle_event !== undefined,
    limits: {
      connections: read('DASHBOARD_MAX_CONNECTIONS', whole(100_000, 1, 10_000_000)),
      connectionsPerAddress: read('DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS', whole(100, 1, 10_000_000)),
      subscriptions: read('DASHBOARD_MAX_SUBSCRIPTIONS', whole(64, 1, 10_000)),
      channels: read('DASHBOARD_MAX_CHANNELS', whole(100_000, 1, 10_000_000)),
      messagesPerSecond: read('DASHBOARD_MESSAGES_PER_SECOND', whole(20, 1, 100_000)),
      requestsPerSecond: read('DASHBOARD_REQUESTS_PER_SECOND', whole(50, 1, 100_000)),
      registrationsPerMinute: read('DASHBOARD_REGISTRATIONS_PER_MINUTE', whole(6, 1, 1_000_000)),
      bufferBytes: read('DASHBOARD_BUFFER_BYTES', whole(262_144, 4_096, 67_108_864)),
    },
  }
  if (errors.length > 0) return { ok: false, errors }
  const warnings = [...unknownVariables(environment)]
  if (local === null && !environment.DASHBOARD_PUBLIC_HOSTS) warnings.push(ANY_HOST)
  return { ok: true, config, warnings }
}

const ANY_HOST =
  'DASHBOARD_PUBLIC_HOSTS is not set, so any host name is taken for this server (docs/SECURITY.md says what that allows); name those it has'

/** Every variable with the sentence that the guide and `docs` print for it; the one list of names. */
export const VARIABLES = {
  DASHBOARD_HOST: 'address to serve at (127.0.0.1)',
  DASHBOARD_PORT: 'port to serve at, 0 for any free one (8080)',
  DASHBOARD_DATA: 'folder for everything the server keeps, made when missing (./data)',
  DASHBOARD_PROCESSES: 'processes that serve the port; auto: by the number of cores (1)',
  DASHBOARD_LOG_LEVEL: 'debug, info, warn, error or silent (info)',
  DASHBOARD_LOG_FORMAT: 'json, pretty, or auto: pretty on a terminal, json elsewhere (auto)',
  DASHBOARD_PUBLIC_CHANNELS: 'channels anyone may read, separated by commas, or none (rewards.summary)',
  DASHBOARD_ORIGINS:
    'web origins allowed besides those of the server itself, separated by commas, or * (none)',
  DASHBOARD_PUBLIC_HOSTS:
    'hosts that clients may ask for, separated by commas, or * (localhost when DASHBOARD_HOST is, otherwise any)',
  DASHBOARD_TRUSTED_PROXIES: 'addresses or CIDR ranges whose x-forwarded-for is believed (none)',
  DASHBOARD_COMPRESSION: 'on offers permessage-deflate to sockets (off)',
  DASHBOARD_COUNTRY_FILE: 'another MMDB file for countries by address (the bundled one)',
  DASHBOARD_RETENTION_HOURS: 'hours that the journal is kept for resumes (168)',
  DASHBOARD_MAX_CONNECTIONS: 'open sockets altogether (100000)',
  DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS: 'open sockets of one address (100)',
  DASHBOARD_MAX_SUBSCRIPTIONS: 'channels a session may be subscribed to (64)',
  DASHBOARD_MAX_CHANNELS:
    'channels with parameters that the sessions of one process may hold together (100000)',
  DASHBOARD_MESSAGES_PER_SECOND: 'messages a second of one session (20)',
  DASHBOARD_REQUESTS_PER_SECOND: 'HTTP requests a second of one address (50)',
  DASHBOARD_REGISTRATIONS_PER_MINUTE:
    'new users of one address a minute, after ten times as many at once (6)',
  DASHBOARD_BUFFER_BYTES: 'bytes that may wait for a slow reader (262144)',
  DASHBOARD_LITEFS: "LiteFS's configuration file; when set, this server is a node of a cluster (none)",
  DASHBOARD_LITEFS_BINARY: 'the LiteFS program, started as a child (litefs)',
  DASHBOARD_NODE_PORT: 'where nodes talk to each other, private network only; the same on all (20203)',
  DASHBOARD_REGION: 'where this node is, shown in /health (FLY_REGION, or none)',
  DASHBOARD_ACK_REPLICATED:
    'boards whose changes are acknowledged only when a second node has them, separated by commas, or none (none)',
  DASHBOARD_COMMITS_PER_SECOND: 'most commits a second over LiteFS (20)',
  DASHBOARD_REDIS_URL: 'Redis for what is not journaled, between hosts: redis:// or rediss:// (none)',
} as const satisfies { readonly [name: `DASHBOARD_${string}`]: string }

/** Set by the server itself, for the processes that it starts. */
const PROCESS_NUMBER = 'DASHBOARD_PROCESS_NUMBER'

function numberOf(given: string | undefined): number | null {
  return given === undefined || given === '' ? null : Number(given)
}

/** What `--help` prints: every variable with what it decides and its default. */
export function usage(): string {
  const width = Math.max(...Object.keys(VARIABLES).map((name) => name.length))
  const lines = Object.entries(VARIABLES).map(([name, sentence]) => `  ${name.padEnd(width)}  ${sentence}`)
  return `Serves the dashboard. Configured by environment variables:\n\n${lines.join('\n')}\n`
}

function unknownVariables(environment: Environment): readonly string[] {
  const known = Object.keys(VARIABLES)
  return Object.keys(environment)
    .filter((name) => name.startsWith('DASHBOARD_') && name !== PROCESS_NUMBER && !known.includes(name))
    .map((name) => {
      const near = nearest(name, known)
      return `${name} is not a variable of this server${near === null ? '' : `; did you mean ${near}?`}`
    })
}
