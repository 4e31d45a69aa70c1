/**
 * How many signed logins per second does the server take? A login is measured from the opening of its socket
 * to the first snapshot of a channel that only its user may read. The control is the opening of raw Bun
 * sockets by the same client processes, in turns. A first round, which is not measured, registers the users.
 * Every login is verified, and its nonce is on disk before it is answered.
 */

import type { OpenerAnswer, OpenerCommand } from './logins/opener.ts'
import { median, printAnswer, SHORT } from './support/answer.ts'
import { startRawServer } from './support/children.ts'
import { startOurServer } from './support/our-server.ts'
import { cpuSeconds } from './support/process-figures.ts'

const OPENERS = 2
const AT_ONCE = 64
const SOCKETS = SHORT ? 200 : 4_000
const WARM_UPS = SHORT ? 0 : 4
const ROUNDS = SHORT ? 1 : 7

const [ours, raw] = await Promise.all([
  startOurServer({ DASHBOARD_REGISTRATIONS_PER_MINUTE: '1000000' }),
  startRawServer(),
])
const openers = await Promise.all(Array.from({ length: OPENERS }, startOpener))
const logIn = () => round('login', `${ours.socket}?format=json`, ours.pid)
const openRaw = () => round('raw', raw.socket, raw.pid)

console.log(`registering: ${describe(await logIn())}`)
// Not measured: rounds in which the runtime compiles the code.
for (let i = 0; i < WARM_UPS; i++) {
  await logIn()
  await openRaw()
}
const rounds: { readonly ours: Round; readonly control: Round }[] = []
for (let i = 0; i < ROUNDS; i++) {
  const both = { ours: await logIn(), control: await openRaw() }
  rounds.push(both)
  console.log(`logins ${describe(both.ours)}   raw opens ${describe(both.control)}`)
}
for (const opener of openers) opener.stop()
await Promise.all([ours.stop(), raw.stop()])

printAnswer({
  question: 'logins',
  unit: 'logins/s',
  ours: median(rounds.map((both) => both.ours.rate)),
  control: median(rounds.map((both) => both.control.rate)),
  aim: 0.4,
})
process.exit(0)

type Round = { readonly rate: number; readonly serverMicros: number; readonly clientMicros: number }

async function round(kind: OpenerCommand['kind'], url: string, pid: number): Promise<Round> {
  const cpu = cpuSeconds(pid)
  const clientCpu = openersCpu()
  const each = SOCKETS / OPENERS
  const seconds = await Promise.all(
    openers.map((opener, i) => opener.run({ url, kind, sockets: each, atOnce: AT_ONCE, first: i * each })),
  )
  return {
    rate: SOCKETS / Math.max(...seconds),
    serverMicros: ((cpuSeconds(pid) - cpu) / SOCKETS) * 1e6,
    clientMicros: ((openersCpu() - clientCpu) / SOCKETS) * 1e6,
  }
}

function openersCpu(): number {
  return openers.reduce((sum, opener) => sum + cpuSeconds(opener.pid), 0)
}

function describe({ rate, serverMicros, clientMicros }: Round): string {
  return `${Math.round(rate)}/s (CPU each: server ${serverMicros.toFixed(0)} µs, client ${clientMicros.toFixed(0)} µs)`
}

async function startOpener() {
  const ready = Promise.withResolvers<void>()
  let done = Promise.withResolvers<number>()
  const child = Bun.spawn(
    [process.execPath, Bun.fileURLToPath(new URL('./logins/opener.ts', import.meta.url))],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc(answer: OpenerAnswer) {
        switch (answer.type) {
          case 'ready':
            return ready.resolve()
          case 'done':
            return done.resolve(answer.seconds)
          case 'failed':
            return done.reject(new Error(answer.reason))
          default:
            answer satisfies never
        }
      },
    },
  )
  await ready.promise
  return {
    pid: child.pid,
    run(command: OpenerCommand) {
      done = Promise.withResolvers<number>()
      child.send(command)
      return done.promise
    },
    stop: () => child.kill('SIGKILL'),
  }
}
