import { join } from 'node:path'
import type { CrowdReport, FromCrowd, ToCrowd } from './crowd-process.ts'

export type CrowdOptions = {
  /** Where its clients may connect. */
  readonly urls: readonly string[]
  readonly channel: string
  readonly clients: number
}

/** Thousands of readers, in several processes. */
export type Crowd = {
  /** Of all of them. */
  report(): Promise<CrowdReport>
  end(): Promise<void>
}

/** Few enough sockets for the usual limit of open files, and few enough processes for a small machine. */
const CLIENTS_PER_PROCESS = 2_500

/** For all clients to have their documents, in ms. */
const START_TIMEOUT = 120_000

/** Starts the processes; resolves when every client has its document. */
export async function startCrowd({ clients, ...rest }: CrowdOptions): Promise<Crowd> {
  const processes = Math.ceil(clients / CLIENTS_PER_PROCESS)
  const each = Math.ceil(clients / processes)
  const members = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      startMember({ ...rest, type: 'hold', clients: Math.min(each, clients - index * each) }),
    ),
  )
  return {
    async report() {
      const reports = await Promise.all(members.map((member) => member.report()))
      return reports.reduce(together)
    },
    end: async () => void (await Promise.all(members.map((member) => member.end()))),
  }
}

async function startMember(hold: Extract<ToCrowd, { type: 'hold' }>) {
  const held = Promise.withResolvers<void>()
  let onReport = (_: CrowdReport): void => {}
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'crowd-process.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(message: FromCrowd) {
      switch (message.type) {
        case 'listening':
          tell(hold)
          break
        case 'held':
          held.resolve()
          break
        case 'report':
          onReport(message.report)
          break
      }
    },
    onExit: (_, code) => held.reject(new Error(`a process of the crowd ended with ${code}`)),
  })
  const tell = (message: ToCrowd): void => void child.send(message)
  const late = setTimeout(() => held.reject(new Error('the crowd did not come up')), START_TIMEOUT)
  await held.promise.finally(() => clearTimeout(late))
  return {
    report: () => {
      const { promise, resolve } = Promise.withResolvers<CrowdReport>()
      onReport = resolve
      tell({ type: 'report' })
      return promise
    },
    async end() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

function together(a: CrowdReport, b: CrowdReport): CrowdReport {
  const documents = new Map(a.documents)
  for (const [text, count] of b.documents) documents.set(text, (documents.get(text) ?? 0) + count)
  return {
    moves: a.moves + b.moves,
    resumed: a.resumed + b.resumed,
    snapshots: a.snapshots + b.snapshots,
    resyncs: a.resyncs + b.resyncs,
    gaps: a.gaps + b.gaps,
    live: a.live + b.live,
    settled: a.settled + b.settled,
    documents: [...documents],
  }
}
