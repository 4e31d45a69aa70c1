import { numberIn } from '../src/cli/args.ts'
import { findOperatorKey } from '../src/cli/operator-key.ts'
import { findServer, type ServerAddress, serverAddress } from '../src/cli/server-address.ts'
import { argumentsOrDie, die, orDie } from '../src/cli/terminal.ts'
import { systemClock } from '../src/core/clock.ts'
import { readChurnFile } from './replay/churn-file.ts'
import type { Site } from './replay/device.ts'
import { makePlan, type Plan } from './replay/plan.ts'
import { startPlayers } from './replay/players.ts'
import { runReplay } from './replay/run.ts'

/** Sockets a process may hold: below the 4,096 open files that many systems allow. */
const SOCKETS_PER_PROCESS = 3_900
/** Logins under way at once, over all processes. */
const LOGINS_AT_ONCE = 192
/** Without an operator key all devices share an address, of which a server takes 100 sockets by default. */
const DEVICES_WITHOUT_KEY = 50

const args = argumentsOrDie({
  name: 'npm run replay --',
  about:
    'Plays the rows time,ip,state of a CSV file (or .csv.gz) as devices: real sockets, real Ed25519 logins.',
  positionals: ['FILE'],
  flags: [
    { name: 'speed', value: 'N', about: 'seconds of the file that pass in a second (1: real speed)' },
    { name: 'devices', value: 'N', about: 'play only the first N addresses of the file (all)' },
    { name: 'url', value: 'URL', about: 'the server (http://127.0.0.1:8080, or the port in DASHBOARD_PORT)' },
    {
      name: 'operator-key',
      value: 'FILE',
      about: "the server's operator.key, when it is not found by itself",
    },
    {
      name: 'key-seed',
      value: 'TEXT',
      about: 'other users than the usual ones: their keys derive from this text',
    },
  ],
})

const [file = ''] = args.positionals
const speed = orDie(numberIn('speed', args.text('speed') ?? '1', 0.001, 1_000_000, 'any'), 2)
const asked = args.text('devices')
const limit = asked === undefined ? null : orDie(numberIn('devices', asked, 1, 10_000_000, 'whole'), 2)
const server = orDie(serverAddress(args.text('url'), process.env), 2)
const rows = orDie(readChurnFile(file))
orDie(await findServer(server))
const operatorKey = orDie(await findOperatorKey(args.text('operator-key'), server, process.env))

const devices = limit ?? (operatorKey === null ? DEVICES_WITHOUT_KEY : Number.MAX_SAFE_INTEGER)
const plan = makePlan(rows, devices)
if (plan.changes.length === 0) die(`${file} brings nothing up: its first row for an address must say up`)
if (operatorKey === null) warnAboutAddresses(server, limit)
tellWhatIsPlayed(plan)

const site: Site = { socket: server.socket, operatorKey, seed: args.text('key-seed') ?? 'dashboard' }
const shards = Math.ceil(plan.peak / SOCKETS_PER_PROCESS)
const players = startPlayers(
  Array.from({ length: shards }, (_, shard) => ({
    file,
    limit: devices,
    shard,
    shards,
    site,
    concurrency: Math.ceil(LOGINS_AT_ONCE / shards),
  })),
)
await runReplay(plan, players, speed, systemClock, process.stdout)
process.exit(0)

function warnAboutAddresses(at: ServerAddress, wanted: number | null): void {
  process.stderr.write(
    [
      `No operator key was found for ${at.http}, so the server sees every device at this machine's address: one of them`,
      'earns, the others count as duplicates, and only some may connect at once (100 by default).',
      'Run the replay on the machine and as the user of the server, or give its data/operator.key by --operator-key.',
      ...(wanted === null
        ? [`Until then ${DEVICES_WITHOUT_KEY} devices are played; --devices N plays more.`]
        : []),
      '',
    ].join('\n'),
  )
}

function tellWhatIsPlayed({ devices: all, peak, changes, start, length }: Plan): void {
  const days = (length / 86_400).toFixed(1)
  process.stdout.write(
    `${all.length} devices, at most ${peak} at once, ${changes.length} changes over ${days} days from ${new Date(start * 1_000).toISOString().slice(0, 16)}Z\n`,
  )
  const next = changes.find((change) => change.at > 0)
  if (next === undefined || next.at / speed < 60) return
  const hint = Math.max(2, Math.ceil(next.at / 15))
  process.stdout.write(
    `The file's first change comes ${Math.round(next.at / 60 / speed)} minutes after everyone is up; --speed ${hint} brings it in 15 seconds.\n`,
  )
}
