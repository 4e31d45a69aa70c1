/**
 * Ingests numbered notes through the real writer thread until it is killed, and prints each number once it is
 * acknowledged. Arguments: data folder, first number.
 */
import { writeSync } from 'node:fs'
import { note, startTestWriter } from '../support/writer.ts'

const [dataDir = '', first = '0'] = process.argv.slice(2)
const started = await startTestWriter(dataDir)
if (!started.ok) throw new Error(started.error.message)
const { bus } = started.value
let next = Number(first)
writeSync(1, 'ready\n')

async function lane(): Promise<never> {
  while (true) {
    const n = next++
    const result = await bus.submit(note(n))
    if (!result.ok) throw new Error(result.error.message)
    // Written synchronously into the pipe, so that a kill cannot lose what was printed.
    writeSync(1, `${n}\n`)
  }
}
await Promise.all(Array.from({ length: 40 }, lane))
