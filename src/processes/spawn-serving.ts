import type { SpawnedProcess } from './managed-process.ts'

/**
 * Starts this very program again as a serving process, with a channel to it. It has our standard error, for
 * its log, and nothing of our standard output, which holds the address alone.
 */
export function spawnServing(
  entry: string,
  environment: { readonly [name: string]: string },
): SpawnedProcess {
  let receive = (_text: string): void => {}
  const child = Bun.spawn([process.execPath, entry], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    // Text is copied as it is; printed as JSON again it would cost three times as much.
    serialization: 'advanced',
    ipc(message: unknown) {
      if (typeof message === 'string') receive(message)
    },
  })
  const exited = child.exited.then(() => ({
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
  }))
  return {
    pid: child.pid,
    channel: {
      send(text) {
        try {
          child.send(text)
        } catch {
          // It has ended; `exited` tells.
        }
      },
      onText(next) {
        receive = next
      },
      onEnd: (ended) => void exited.then(() => ended('it ended')),
      close: () => child.disconnect(),
      abort: () => child.kill('SIGKILL'),
    },
    kill: (signal) => child.kill(signal),
    exited,
  }
}
