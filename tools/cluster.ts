import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { numberIn } from '../src/cli/args.ts'
import { argumentsOrDie, die, orDie } from '../src/cli/terminal.ts'
import { toBase64url } from '../src/core/base64url.ts'
import { systemRandom } from '../src/core/clock.ts'
import { findBinaries } from './cluster/binaries.ts'
import { giveOrder } from './cluster/give-order.ts'
import { endLeftovers } from './cluster/leftovers.ts'
import { placesOf } from './cluster/node.ts'
import { ORDERS, readOrder } from './cluster/orders.ts'
import { type ClusterPlan, planCluster, portsOf } from './cluster/plan.ts'
import { missingForLitefs, takenPorts } from './cluster/preconditions.ts'
import { isAlive } from './cluster/process-identity.ts'
import { runCluster } from './cluster/run.ts'
import { readState } from './cluster/state-file.ts'

const args = argumentsOrDie({
  name: 'npm run cluster --',
  about: 'Three nodes of one cluster on this machine, over LiteFS and Consul, and what can happen to them.',
  positionals: [],
  optional: ['ORDER', 'litefs', 'NODE'],
  notes: ['Orders:', ...ORDERS],
  flags: [
    { name: 'folder', value: 'DIR', about: 'where everything is kept (data/cluster)' },
    {
      name: 'address',
      value: 'A',
      about:
        'loopback address of the first node; the others take the next two, Consul the one before (127.0.0.11)',
    },
    { name: 'port', value: 'N', about: 'port of the pages (8080, or the port in DASHBOARD_PORT)' },
  ],
})

/** Once somebody or something wants the end. */
let ending = false
const folder = resolve(args.text('folder') ?? 'data/cluster')
const order = orDie(readOrder(args.positionals), 2)
if (order.type === 'start') await start()
else {
  const state = readState(folder)
  if (state === null || !isAlive(state.tool)) die(`no cluster runs in ${folder}; npm run cluster starts one`)
  process.stdout.write(`${orDie(await giveOrder(state, order))}\n`)
}

async function start(): Promise<void> {
  const port = orDie(
    numberIn('port', args.text('port') ?? (process.env.DASHBOARD_PORT || '8080'), 1, 65_535, 'whole'),
    2,
  )
  const plan = orDie(planCluster(folder, args.text('address') ?? '127.0.0.11', port), 2)
  if (folder.includes('$')) die('--folder: LiteFS cannot be given a path with a $; choose another folder', 2)
  const missing = missingForLitefs()
  if (missing !== null) die(missing)
  const before = readState(folder)
  if (before !== null) await takeOver(before)
  const taken = takenPorts(portsOf(plan))
  if (taken.length > 0)
    die(
      `in use already: ${taken.join(', ')}; end what listens there, or choose others with --address or --port`,
    )
  const binaries = orDie(await findBinaries(process.env, (line) => process.stderr.write(`${line}\n`)))
  shareOperatorKey(plan)
  const cluster = runCluster({
    plan,
    binaries,
    lastPrimary: before?.primary ?? null,
    settings: ownSettings(),
    tell,
  })
  endOnSignals(cluster.stop)
  try {
    await cluster.ready
  } catch (error) {
    // Asked to end meanwhile: that says for itself how it goes.
    if (ending) return
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    ending = true
    await cluster.stop()
    process.exit(1)
  }
  if (!ending) tellWhatToTry(plan)
}

async function takeOver(before: NonNullable<ReturnType<typeof readState>>): Promise<void> {
  if (isAlive(before.tool))
    die(`a cluster runs already in ${folder} (process ${before.tool.pid}); end it with Ctrl-C there`)
  const ended = await endLeftovers(before)
  if (ended > 0) tell(`ended what an earlier cluster had left behind (processes: ${ended})`)
}

/** One operator for all nodes, so that a replay may say at any of them which addresses its devices have. */
function shareOperatorKey({ nodes }: ClusterPlan): void {
  const key = toBase64url(systemRandom.bytes(32))
  for (const node of nodes) {
    const { data } = placesOf(node)
    mkdirSync(data, { recursive: true })
    writeFileSync(join(data, 'operator.key'), `${key}\n`, { mode: 0o600 })
  }
}

function ownSettings() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('DASHBOARD_')))
}

function tell(line: string): void {
  process.stdout.write(`${new Date().toTimeString().slice(0, 8)} ${line}\n`)
}

function tellWhatToTry({ nodes }: ClusterPlan): void {
  const at = args.text('folder') === undefined ? '' : ` --folder ${args.text('folder')}`
  const order = (words: string, about: string) =>
    `  npm run cluster -- ${`${words}${at}`.padEnd(24)}  ${about}`
  const [first, second] = nodes
  process.stdout.write(
    [
      '',
      'Three nodes show one board, each on its own page:',
      ...nodes.map(
        ({ address, port, region, candidate }) =>
          `  http://${address}:${port}  ${region}${candidate ? '' : ', may not lead'}`,
      ),
      '',
      'Open two of them and make one a device: the other shows it. A whole network, through a replica, from a second terminal:',
      `  npm run replay -- ../shared/data/node-churn.csv.gz --devices 200 --url http://${second?.address}:${first?.port}`,
      'Then, while it plays:',
      order('status', 'who leads, who lags'),
      order('handover', 'the lead moves; nobody notices'),
      order('kill primary', 'its server dies, and is back after a second'),
      order('kill litefs primary', 'its LiteFS dies; its clients stay'),
      order('freeze litefs primary', 'it hangs, as a dead host would'),
      'Ctrl-C ends all.',
      '',
      '',
    ].join('\n'),
  )
}

/**
 * The terminal sends Ctrl-C to npm as well as to us, and npm hands it on: what comes twice at once was
 * meant once.
 */
function endOnSignals(stop: () => Promise<void>): void {
  let asked = 0
  const onSignal = () => {
    if (performance.now() - asked < 1_000) return
    asked = performance.now()
    if (ending) return void stop()
    ending = true
    tell('ending all; Ctrl-C again ends it at once')
    stop().then(
      () => {
        tell('ended; the data stays, and npm run cluster goes on with it')
        process.exit(0)
      },
      (error: unknown) => die(`not ended cleanly: ${String(error)}`),
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  // npm does not hand every signal on to us, but it ends of it.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event === undefined) return
  setInterval(() => {
    if (process.ppid !== parent && !ending) onSignal()
  }, 250)
}
