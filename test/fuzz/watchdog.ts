/**
 * A thread that ends the process when the number in the shared memory stands still: a frame hangs the
 * reader.
 */
import { workerData } from 'node:worker_threads'

const CHECK_INTERVAL_MS = 10_000

const progress: Int32Array = workerData
let last = -1
setInterval(() => {
  const now = Atomics.load(progress, 0)
  if (now === last) {
    process.stderr.write(`frame ${now} hangs: nothing came of it for ${CHECK_INTERVAL_MS / 1000} s\n`)
    process.kill(process.pid, 'SIGKILL')
  }
  last = now
}, CHECK_INTERVAL_MS)
