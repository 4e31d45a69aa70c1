import type { HolderAnswer, HolderCommand, Holding } from './holder.ts'
import { answering } from './our-server.ts'
import type { RawAnswer, RawCommand } from './raw-server.ts'

/** The control server, and how to send it commands. */
export type RawServer = {
  readonly pid: number
  readonly socket: string
  tell(command: RawCommand): void
  stop(): Promise<void>
}

/** Many sockets, distributed over processes, each with fewer than the usual limit of open files. */
export type Sockets = {
  /** Returns what all of them have received since they were opened. */
  count(): Promise<Received>
  stop(): Promise<void>
}

export type Received = { readonly frames: number; readonly bytes: number; readonly sample: readonly string[] }

/** Starts the control server. */
export async function startRawServer(): Promise<RawServer> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const child = Bun.spawn([process.execPath, pathOf('raw-server.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (answer: RawAnswer) => {
      if (answer.type === 'listening') resolve(answer.port)
    },
  })
  const port = await promise
  await answering(`http://127.0.0.1:${port}/`, () => child.exitCode !== null)
  return {
    pid: child.pid,
    socket: `ws://127.0.0.1:${port}/`,
    tell: (command) => void child.send(command),
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

/** What to open, see {@link Holding}. */
export type Wanted = Pick<Holding, 'url' | 'sockets' | 'kind'> & Partial<Holding>

/** Opens sockets and waits until all are subscribed. Throws when one is closed or refused. */
export async function holdSockets(wanted: Wanted): Promise<Sockets> {
  const { sockets, first = 0, channels = [], channelsEach = null, operatorKey = null } = wanted
  const processes = Math.max(1, Math.ceil(sockets / SOCKETS_PER_PROCESS))
  const each = Math.ceil(sockets / processes)
  const holders = await Promise.all(
    Array.from({ length: processes }, (_, index) => {
      const mine = Math.min(each, sockets - index * each)
      return startHolder({
        ...wanted,
        sockets: mine,
        first: first + index * each,
        channels,
        channelsEach,
        operatorKey,
      })
    }),
  )
  return {
    count: async () => {
      const counts = await Promise.all(holders.map((holder) => holder.count()))
      return {
        frames: counts.reduce((total, { frames }) => total + frames, 0),
        bytes: counts.reduce((total, { bytes }) => total + bytes, 0),
        sample: counts[0]?.sample ?? [],
      }
    },
    stop: async () => void (await Promise.all(holders.map((holder) => holder.stop()))),
  }
}

const SOCKETS_PER_PROCESS = 3_500

async function startHolder(holding: Holding) {
  const held = Promise.withResolvers<void>()
  let onCount = (_: Received): void => {}
  let stopping = false
  const child = Bun.spawn([process.execPath, pathOf('holder.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (answer: HolderAnswer) => {
      switch (answer.type) {
        case 'listening':
          tell({ type: 'hold', holding })
          break
        case 'held':
          held.resolve()
          break
        case 'counted':
          onCount(answer)
          break
        case 'lost':
          if (!stopping) held.reject(new Error(`a socket of ${holding.url} was lost: ${answer.reason}`))
          break
      }
    },
  })
  const tell = (command: HolderCommand): void => void child.send(command)
  await held.promise
  return {
    count: () => {
      const { promise, resolve } = Promise.withResolvers<Received>()
      onCount = resolve
      tell({ type: 'count' })
      return promise
    },
    stop: async () => {
      stopping = true
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

function pathOf(file: string): string {
  return Bun.fileURLToPath(new URL(`./${file}`, import.meta.url))
}
