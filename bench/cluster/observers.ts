import type { ObserverAnswer, ObserverCommand, Sighting, Watched } from './observer.ts'

/** A process that notes when something changed. */
export type Observer = {
  /** Returns what was observed since the last call. */
  seen(): Promise<readonly Sighting[]>
  stop(): Promise<void>
}

/** Starts an observer and waits until it observes. */
export async function observe(watched: Watched): Promise<Observer> {
  const watching = Promise.withResolvers<void>()
  let answered = (_: readonly Sighting[]): void => {}
  const child = Bun.spawn([process.execPath, Bun.fileURLToPath(new URL('./observer.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (answer: ObserverAnswer) => {
      switch (answer.type) {
        case 'listening':
          tell({ type: 'watch', watched })
          break
        case 'watching':
          watching.resolve()
          break
        case 'seen':
          answered(answer.sightings)
          break
      }
    },
  })
  const tell = (command: ObserverCommand): void => void child.send(command)
  void child.exited.then((code) => watching.reject(new Error(`an observer ended with ${code}`)))
  await watching.promise
  return {
    seen: () => {
      const { promise, resolve } = Promise.withResolvers<readonly Sighting[]>()
      answered = resolve
      tell({ type: 'tell' })
      return promise
    },
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
