import { die } from '../../src/cli/terminal.ts'
import { type Assignment, type FromPlayer, isFromPlayer, type Tally, type ToPlayer } from './messages.ts'

/** The playing processes together. */
export type Players = {
  /** Ends when everyone of second 0 is up or was refused. */
  readonly ready: Promise<void>
  /** Ends when the file is played to its end. */
  readonly done: Promise<void>
  play(speed: number): void
  tally(): Tally
  /** Devices say goodbye; ends when every process has ended. */
  stop(): Promise<void>
  /** Ends them at once. */
  kill(): void
}

/** Starts a process for each assignment. A process that ends before it is told to ends the program. */
export function startPlayers(assignments: readonly Assignment[]): Players {
  const tallies = new Map<number, Tally>()
  const [ready, done] = [countdown(assignments.length), countdown(assignments.length)]
  let stopping = false

  const players = assignments.map((assignment) => {
    const player = Bun.spawn([process.execPath, Bun.fileURLToPath(new URL('./player.ts', import.meta.url))], {
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (message) => {
        if (isFromPlayer(message)) take(assignment, message)
      },
      onExit: (_, code) => {
        if (!stopping)
          die(`a playing process ended by itself (exit code ${code}); nothing is replayed any more`)
      },
      serialization: 'json',
    })
    return {
      exited: player.exited,
      // After its end a process hears nothing more, and there is nothing left to say to it.
      tell: (message: ToPlayer) => void (player.exitCode === null && player.send(message)),
      kill: () => player.kill('SIGKILL'),
    }
  })

  function take(assignment: Assignment, message: FromPlayer): void {
    switch (message.type) {
      case 'listening':
        players[assignment.shard]?.tell({ type: 'assign', assignment })
        break
      case 'tally':
        tallies.set(assignment.shard, message.tally)
        break
      case 'ready':
        ready.count()
        break
      case 'done':
        done.count()
        break
    }
  }

  return {
    ready: ready.reached,
    done: done.reached,
    play: (speed) => {
      for (const player of players) player.tell({ type: 'clock', speed })
    },
    tally: () => sum([...tallies.values()]),
    stop: async () => {
      stopping = true
      for (const player of players) player.tell({ type: 'stop' })
      await Promise.all(players.map((player) => player.exited))
    },
    kill: () => {
      stopping = true
      for (const player of players) player.kill()
    },
  }
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (total, tally) => ({
      up: total.up + tally.up,
      logins: total.logins + tally.logins,
      errors: total.errors + tally.errors,
      lastError: tally.lastError ?? total.lastError,
    }),
    { up: 0, logins: 0, errors: 0, lastError: null },
  )
}

function countdown(from: number): { readonly reached: Promise<void>; count(): void } {
  let left = from
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    reached: promise,
    count: () => {
      left--
      if (left === 0) resolve()
    },
  }
}
