/** Where the server begins. */
import { fileURLToPath } from 'node:url'
import { runProgram } from './app/run.ts'
import { BOARDS } from './boards/index.ts'

await runProgram({
  boards: BOARDS,
  entry: fileURLToPath(import.meta.url),
  writerThread: new URL('./app/writer.ts', import.meta.url),
})
