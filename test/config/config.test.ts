import { describe, expect, test } from 'bun:test'
import { REWARDS_SETTINGS } from '../../src/boards/rewards/settings.ts'
import { type Environment, readConfig, settingNames, settingsOf, usage } from '../../src/config/config.ts'
import { whole } from '../../src/config/kinds.ts'
import { setting } from '../../src/config/setting.ts'

const BOARDS = [REWARDS_SETTINGS]

describe('configuration', () => {
  test('nothing set gives the documented defaults', () => {
    const { config, warnings } = good({})
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8080, dataDir: './data', logLevel: 'info' })
    expect(config.publicChannels).toEqual(['rewards.summary'])
    expect(config.origins).toEqual({ mode: 'listed', origins: new Set() })
    expect(config.trustedProxies).toEqual([])
    expect(config.publicHosts).toEqual({
      mode: 'listed',
      hosts: new Set(['localhost', '127.0.0.1', '[::1]']),
    })
    expect(warnings).toEqual([])
  })

  test('an empty value means not set', () => {
    expect(good({ DASHBOARD_PORT: '', DASHBOARD_HOST: '' }).config).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
    })
  })

  test('good values are taken', () => {
    const { config } = good({
      DASHBOARD_PORT: '0',
      DASHBOARD_HOST: '::1',
      DASHBOARD_PUBLIC_CHANNELS: 'none',
      DASHBOARD_ORIGINS: 'https://a.example, http://b.example:81',
      DASHBOARD_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      DASHBOARD_RETENTION_HOURS: '2',
    })
    expect(config).toMatchObject({ port: 0, host: '::1', publicChannels: [], retention: 7_200_000 })
    expect(config.origins).toEqual({
      mode: 'listed',
      origins: new Set(['https://a.example', 'http://b.example:81']),
    })
    expect(config.trustedProxies.map(([address, bits]) => `${address}/${bits}`)).toEqual([
      '10.0.0.0/8',
      '::1/128',
    ])
    expect(good({ DASHBOARD_ORIGINS: '*' }).config.origins).toEqual({ mode: 'any' })
  })

  test('without a word about a cluster there is none', () => {
    expect(good({}).config).toMatchObject({
      litefs: null,
      litefsBinary: 'litefs',
      nodePort: 20_203,
      region: '',
      ackReplicated: [],
      commitsPerSecond: 20,
      redisUrl: null,
    })
  })

  test('the settings of a node are taken', () => {
    const { config, warnings } = good({
      DASHBOARD_LITEFS: '/etc/litefs.yml',
      DASHBOARD_LITEFS_BINARY: '/usr/local/bin/litefs',
      DASHBOARD_NODE_PORT: '7000',
      DASHBOARD_ACK_REPLICATED: 'rewards, auth',
      DASHBOARD_COMMITS_PER_SECOND: '5',
      DASHBOARD_REDIS_URL: 'rediss://:secret@cache.example:6380/1',
    })
    expect(config).toMatchObject({
      litefs: '/etc/litefs.yml',
      litefsBinary: '/usr/local/bin/litefs',
      nodePort: 7_000,
      ackReplicated: ['rewards', 'auth'],
      commitsPerSecond: 5,
      redisUrl: 'rediss://:secret@cache.example:6380/1',
    })
    expect(warnings).toEqual([])
    expect(good({ DASHBOARD_ACK_REPLICATED: 'none' }).config.ackReplicated).toEqual([])
  })

  test('the region is the one that was given, or the one where Fly has put the machine', () => {
    expect(good({ FLY_REGION: 'fra' }).config.region).toBe('fra')
    expect(good({ FLY_REGION: 'fra', DASHBOARD_REGION: '' }).config.region).toBe('fra')
    expect(good({ FLY_REGION: 'fra', DASHBOARD_REGION: 'cellar' }).config.region).toBe('cellar')
  })

  test('a board brings its own settings, the channels that anyone may read, and its name for replication', () => {
    const { config } = good({ DASHBOARD_COUNTRY_FILE: '/srv/countries.mmdb' })
    expect(settingsOf(config, REWARDS_SETTINGS)).toEqual({ countryFile: '/srv/countries.mmdb' })
    expect(settingsOf(good({}).config, REWARDS_SETTINGS)).toEqual({ countryFile: null })

    const harbour = {
      name: 'harbour',
      publicChannels: ['harbour.tides'],
      settings: {
        berths: setting('DASHBOARD_HARBOUR_BERTHS', whole(4, 1, 9), 'berths that are let'),
      },
    }
    const both = [REWARDS_SETTINGS, harbour]
    const outcome = readConfig({ DASHBOARD_HARBOUR_BERTHS: '7', DASHBOARD_ACK_REPLICATED: 'harbour' }, both)
    if (!outcome.ok) throw new Error(outcome.errors.join('; '))
    expect(settingsOf(outcome.config, harbour)).toEqual({ berths: 7 })
    expect(outcome.config.publicChannels).toEqual(['rewards.summary', 'harbour.tides'])
    expect(outcome.config.ackReplicated).toEqual(['harbour'])
    expect(outcome.warnings).toEqual([])
    expect(usage(both)).toMatch(/^ {2}DASHBOARD_HARBOUR_BERTHS +berths that are let \(4\)$/m)
    expect(bad({ DASHBOARD_ACK_REPLICATED: 'harbour' })).toEqual([
      'DASHBOARD_ACK_REPLICATED: "harbour" was given, some of rewards, auth, separated by commas, or none is expected',
    ])
  })

  test('no two settings read the same variable', () => {
    const names = settingNames(BOARDS)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(25)
  })

  test('a Redis address that is refused is not repeated, since it may hold a password', () => {
    for (const given of ['http://:secret@cache', 'redis:', 'secret@cache:6379']) {
      const [error, ...more] = bad({ DASHBOARD_REDIS_URL: given })
      expect(more).toEqual([])
      expect(error).toBe(
        'DASHBOARD_REDIS_URL: a value that is not shown was given, a URL like redis://host:6379 is expected',
      )
    }
  })

  test('a server that others reach takes any host name, and says so, until it is told its own', () => {
    const open = good({ DASHBOARD_HOST: '0.0.0.0' })
    expect(open.config.publicHosts).toEqual({ mode: 'any' })
    expect(open.warnings).toEqual([expect.stringMatching(/^DASHBOARD_PUBLIC_HOSTS is not set/)])
    const told = good({ DASHBOARD_HOST: '0.0.0.0', DASHBOARD_PUBLIC_HOSTS: 'D.example, d.example:8443' })
    expect(told.config.publicHosts).toEqual({
      mode: 'listed',
      hosts: new Set(['d.example', 'd.example:8443']),
    })
    expect(told.warnings).toEqual([])
  })

  for (const [name, given] of [
    ['DASHBOARD_PORT', '65536'],
    ['DASHBOARD_PORT', '-1'],
    ['DASHBOARD_PORT', '80a'],
    ['DASHBOARD_PORT', '1e3'],
    ['DASHBOARD_HOST', 'http://x'],
    ['DASHBOARD_LOG_LEVEL', 'verbose'],
    ['DASHBOARD_LOG_FORMAT', 'xml'],
    ['DASHBOARD_PUBLIC_CHANNELS', 'Rewards Summary'],
    ['DASHBOARD_ORIGINS', 'example.org'],
    ['DASHBOARD_ORIGINS', 'https://example.org/'],
    ['DASHBOARD_PUBLIC_HOSTS', 'https://example.org'],
    ['DASHBOARD_PUBLIC_HOSTS', 'example.org:99999'],
    ['DASHBOARD_PUBLIC_HOSTS', 'none'],
    ['DASHBOARD_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['DASHBOARD_COMPRESSION', 'yes'],
    ['DASHBOARD_MAX_CONNECTIONS', '0'],
    ['DASHBOARD_NODE_PORT', '0'],
    ['DASHBOARD_REGION', 'two words'],
    ['DASHBOARD_ACK_REPLICATED', 'rewards;auth'],
    ['DASHBOARD_ACK_REPLICATED', 'rewards.summary'],
    ['DASHBOARD_ACK_REPLICATED', 'rewards, trading'],
    ['DASHBOARD_COUNTRY_FILE', 'a\0b'],
    ['FLY_REGION', 'two words'],
    ['DASHBOARD_COMMITS_PER_SECOND', '0'],
    ['DASHBOARD_COMMITS_PER_SECOND', '1001'],
  ] as const) {
    test(`${name}=${given} is refused in one line that names it, what was given and what is expected`, () => {
      const [error, ...more] = bad({ [name]: given })
      expect(more).toEqual([])
      expect(error).toStartWith(`${name}: ${JSON.stringify(given)} was given, `)
      expect(error).toEndWith(' is expected')
      expect(error).not.toContain('\n')
    })
  }

  test('all mistakes are told at once', () => {
    expect(bad({ DASHBOARD_PORT: 'x', DASHBOARD_LOG_LEVEL: 'y' })).toHaveLength(2)
  })

  test('the usage names every variable, with the default that an empty environment gives', () => {
    const { config } = good({})
    const { limits } = config
    for (const [name, fallback] of [
      ['DASHBOARD_HOST', config.host],
      ['DASHBOARD_PORT', config.port],
      ['DASHBOARD_DATA', config.dataDir],
      ['DASHBOARD_LOG_LEVEL', config.logLevel],
      ['DASHBOARD_LOG_FORMAT', config.logFormat],
      ['DASHBOARD_PUBLIC_CHANNELS', config.publicChannels.join()],
      ['DASHBOARD_COMPRESSION', config.compression],
      ['DASHBOARD_RETENTION_HOURS', config.retention / 3_600_000],
      ['DASHBOARD_MAX_CONNECTIONS', limits.connections],
      ['DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS', limits.connectionsPerAddress],
      ['DASHBOARD_MAX_SUBSCRIPTIONS', limits.subscriptions],
      ['DASHBOARD_MAX_CHANNELS', limits.channels],
      ['DASHBOARD_MESSAGES_PER_SECOND', limits.messagesPerSecond],
      ['DASHBOARD_REQUESTS_PER_SECOND', limits.requestsPerSecond],
      ['DASHBOARD_REGISTRATIONS_PER_MINUTE', limits.registrationsPerMinute],
      ['DASHBOARD_BUFFER_BYTES', limits.bufferBytes],
      ['DASHBOARD_LITEFS', config.litefs ?? 'none'],
      ['DASHBOARD_LITEFS_BINARY', config.litefsBinary],
      ['DASHBOARD_NODE_PORT', config.nodePort],
      ['DASHBOARD_ACK_REPLICATED', config.ackReplicated.join() || 'none'],
      ['DASHBOARD_COMMITS_PER_SECOND', config.commitsPerSecond],
      ['DASHBOARD_REDIS_URL', config.redisUrl ?? 'none'],
    ] as const) {
      const line = usage(BOARDS)
        .split('\n')
        .find((text) => text.trim().startsWith(`${name} `))
      expect(line).toEndWith(`(${fallback})`)
    }
  })

  test('an unknown variable is a warning that guesses what was meant', () => {
    const { warnings } = good({ DASHBOARD_PROT: '1', DASHBOARD_COFFEE_MACHINE: '1', OTHER: '1' })
    expect(warnings).toEqual([
      'DASHBOARD_PROT is not a variable of this server; did you mean DASHBOARD_PORT?',
      'DASHBOARD_COFFEE_MACHINE is not a variable of this server',
    ])
  })
})

function good(environment: Environment) {
  const outcome = readConfig(environment, BOARDS)
  if (!outcome.ok) throw new Error(outcome.errors.join('; '))
  return outcome
}

function bad(environment: Environment): readonly string[] {
  const outcome = readConfig(environment, BOARDS)
  if (outcome.ok) throw new Error('should have been refused')
  return outcome.errors
}
