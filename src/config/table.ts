import {
  addressRanges,
  channelNames,
  file,
  hosts,
  hours,
  oneOf,
  origins,
  redisUrl,
  someOf,
  text,
  whole,
  wholeOrAuto,
} from './kinds.ts'
import { type BoardSettings, type SettingsTable, setting } from './setting.ts'

/** Limits. With several processes, `shareOfLimits` says which of them are divided among these. */
export const LIMITS = {
  /** Open sockets of the whole host. */
  connections: setting('DASHBOARD_MAX_CONNECTIONS', whole(100_000, 1, 10_000_000), 'open sockets altogether'),
  /** Open sockets of one address (IPv6: of one /64). */
  connectionsPerAddress: setting(
    'DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS',
    whole(100, 1, 10_000_000),
    'open sockets of one address',
  ),
  /** Channels one session may be subscribed to. */
  subscriptions: setting(
    'DASHBOARD_MAX_SUBSCRIPTIONS',
    whole(64, 1, 10_000),
    'channels a session may be subscribed to',
  ),
  /** Channels with parameters that all sessions of the process may hold together. */
  channels: setting(
    'DASHBOARD_MAX_CHANNELS',
    whole(100_000, 1, 10_000_000),
    'channels with parameters that the sessions of one process may hold together',
  ),
  /** Sustained socket messages a second of one session; twice as many in a burst. */
  messagesPerSecond: setting(
    'DASHBOARD_MESSAGES_PER_SECOND',
    whole(20, 1, 100_000),
    'messages a second of one session',
  ),
  /** Sustained HTTP requests a second of one address; twice as many in a burst. */
  requestsPerSecond: setting(
    'DASHBOARD_REQUESTS_PER_SECOND',
    whole(50, 1, 100_000),
    'HTTP requests a second of one address',
  ),
  /** New users of one address a minute; ten times as many in a burst. */
  registrationsPerMinute: setting(
    'DASHBOARD_REGISTRATIONS_PER_MINUTE',
    whole(6, 1, 1_000_000),
    'new users of one address a minute, after ten times as many at once',
  ),
  /** Bytes that may wait for one slow reader before it is taken off its topics. */
  bufferBytes: setting(
    'DASHBOARD_BUFFER_BYTES',
    whole(262_144, 4_096, 67_108_864),
    'bytes that may wait for a slow reader',
  ),
} as const satisfies SettingsTable

/** Settings of a node of a cluster, and of hosts that share Redis. */
export const CLUSTER_SETTINGS = {
  /** LiteFS's own configuration file; null for a server that is no node of a cluster. */
  litefs: setting(
    'DASHBOARD_LITEFS',
    file(null),
    "LiteFS's configuration file; when set, this server is a node of a cluster",
  ),
  /** The LiteFS program: a path, or a name that is looked up like a command. */
  litefsBinary: setting(
    'DASHBOARD_LITEFS_BINARY',
    file('litefs'),
    'the LiteFS program, started as a child process',
  ),
  nodePort: setting(
    'DASHBOARD_NODE_PORT',
    whole(20_203, 1, 65_535),
    'port where the nodes reach each other, in a private network only; the same on all of them',
  ),
  /** Empty where none was given. */
  region: setting(
    'DASHBOARD_REGION',
    text('', 'a word like fra', /^[\w.-]+$/),
    'where this node is, shown in `/health`',
    { shown: '`FLY_REGION`, or none', otherwise: 'FLY_REGION' },
  ),
  commitsPerSecond: setting(
    'DASHBOARD_COMMITS_PER_SECOND',
    whole(20, 1, 1_000),
    'most commits a second over LiteFS',
  ),
  /** Redis, which carries between hosts what is not journaled; null for none. May hold a password. */
  redisUrl: setting(
    'DASHBOARD_REDIS_URL',
    redisUrl(),
    'Redis (6 or later) that carries what is not journaled between hosts: `redis://` or `rediss://`',
  ),
} as const satisfies SettingsTable

/** Settings of every server. */
export const SERVER_SETTINGS = {
  /** A host name or an IP address. */
  host: setting(
    'DASHBOARD_HOST',
    text('127.0.0.1', 'a host name or IP address', /^[A-Za-z0-9.:_-]+$/),
    'address to serve at',
  ),
  port: setting('DASHBOARD_PORT', whole(8080, 0, 65_535), 'port to serve at, 0 for any free one'),
  dataDir: setting(
    'DASHBOARD_DATA',
    file('./data'),
    'folder for everything the server keeps, made when missing',
  ),
  processes: setting(
    'DASHBOARD_PROCESSES',
    wholeOrAuto(1, 1, 256),
    'processes that serve the port; `auto`: by the number of cores (Linux)',
  ),
  logLevel: setting(
    'DASHBOARD_LOG_LEVEL',
    oneOf('info', ['debug', 'info', 'warn', 'error', 'silent']),
    'debug, info, warn, error or silent',
  ),
  logFormat: setting(
    'DASHBOARD_LOG_FORMAT',
    oneOf('auto', ['auto', 'json', 'pretty']),
    'json, pretty, or auto: pretty on a terminal, json elsewhere',
  ),
  /** Web origins besides those of the server itself. */
  origins: setting(
    'DASHBOARD_ORIGINS',
    origins(),
    'web origins allowed besides those of the server itself, separated by commas, or `*`',
  ),
  /** Host names by which clients may ask for this server; null where none were given. */
  publicHosts: setting(
    'DASHBOARD_PUBLIC_HOSTS',
    hosts(),
    'hosts that clients may ask for, separated by commas, or `*`',
    { shown: 'localhost when `DASHBOARD_HOST` is, otherwise any' },
  ),
  /** Peers whose `x-forwarded-for` is believed. */
  trustedProxies: setting(
    'DASHBOARD_TRUSTED_PROXIES',
    addressRanges(),
    'addresses or CIDR ranges whose `x-forwarded-for` is believed',
  ),
  compression: setting(
    'DASHBOARD_COMPRESSION',
    oneOf('off', ['off', 'on']),
    '`on` offers permessage-deflate to sockets',
  ),
  /** How long journal rows and remembered answers are kept, ms. */
  retention: setting(
    'DASHBOARD_RETENTION_HOURS',
    hours(168, 1, 87_600),
    'hours that the journal is kept for resumes',
  ),
} as const satisfies SettingsTable

/** Returns the settings whose defaults or values depend on which boards there are. */
export function settingsAboutBoards(boards: readonly BoardSettings[]) {
  const publicChannels = boards.flatMap((board) => board.publicChannels)
  const replicable = [...boards.map(({ name }) => name), ACCOUNTS]
  return {
    /** Channels that anyone may read without a login. */
    publicChannels: setting(
      'DASHBOARD_PUBLIC_CHANNELS',
      channelNames(publicChannels),
      'channels anyone may read, separated by commas, or `none`',
    ),
    /** Boards, `auth` among them, whose changes are acknowledged only when a second node has them. */
    ackReplicated: setting(
      'DASHBOARD_ACK_REPLICATED',
      someOf([], replicable),
      'boards (and `auth`) whose changes are acknowledged only when a second node has them, separated by commas, or `none`',
    ),
  } as const satisfies SettingsTable
}

/** Accounts and their keys, which are changed by commands like those of a board. */
const ACCOUNTS = 'auth'
