/** The server's program with the toy board beside its own. */
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../src/app/run.ts'
import { BOARDS } from '../../src/boards/index.ts'
import { toy } from './toy-board.ts'

await runProgram({
  boards: [...BOARDS, toy],
  entry: fileURLToPath(import.meta.url),
  writerThread: new URL('./toy-writer.ts', import.meta.url),
})
