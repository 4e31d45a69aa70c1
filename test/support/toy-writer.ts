/** The writer thread of `toy-server.ts`. */
import { runWriterThread } from '../../src/app/writer-thread.ts'
import { BOARDS } from '../../src/boards/index.ts'
import { toy } from './toy-board.ts'

declare const self: Worker

runWriterThread([...BOARDS, toy], self)
