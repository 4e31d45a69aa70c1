import { orDie } from '../../src/cli/terminal.ts'
import { systemClock } from '../../src/core/clock.ts'
import { readChurnFile } from './churn-file.ts'
import { type Crowd, makeCrowd } from './crowd.ts'
import { type Assignment, type FromPlayer, isToPlayer } from './messages.ts'
import { makePlan, type PlannedChange, shardOf } from './plan.ts'
import { startTimeline } from './timeline.ts'

// One of the processes that hold the devices' sockets; the replay starts it and speaks to it over the
// process channel.

const TALLY_MILLIS = 250
/** Goodbyes are given this long before the sockets are simply dropped. */
const LEAVE_MILLIS = 3_000
/** setTimeout takes no more than 2^31 - 1 ms; longer waits are taken in steps. */
const LONGEST_WAIT_MILLIS = 2_000_000_000

let crowd: Crowd | null = null
let rest: readonly PlannedChange[] = []

process.on('message', (message) => {
  if (!isToPlayer(message)) return
  switch (message.type) {
    case 'assign':
      return void begin(message.assignment)
    case 'clock':
      return void play(message.speed)
    case 'stop':
      return void stop()
  }
})
// Ctrl-C reaches the whole group of processes; the replay says `stop` in its own time. Should it die, so do
// its players.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(1))
tell({ type: 'listening' })

async function begin(assignment: Assignment): Promise<void> {
  const plan = makePlan(orDie(readChurnFile(assignment.file)), assignment.limit)
  const changes = shardOf(plan, assignment.shard, assignment.shards)
  const mine = makeCrowd(assignment.site, assignment.concurrency)
  crowd = mine
  setInterval(() => tell({ type: 'tally', tally: mine.tally() }), TALLY_MILLIS)
  const first = changes.filter((change) => change.at === 0)
  rest = changes.slice(first.length)
  for (const change of first) mine.apply(change)
  await mine.settled()
  tell({ type: 'ready' })
}

async function play(speed: number): Promise<void> {
  const timeline = startTimeline(systemClock, speed)
  for (const change of rest) {
    for (let wait = timeline.until(change.at); wait > 0; wait = timeline.until(change.at)) {
      await Bun.sleep(Math.min(wait, LONGEST_WAIT_MILLIS))
    }
    crowd?.apply(change)
  }
  await crowd?.settled()
  tell({ type: 'done' })
}

async function stop(): Promise<void> {
  await crowd?.leave(LEAVE_MILLIS)
  process.exit(0)
}

function tell(message: FromPlayer): void {
  process.send?.(message)
}
