/** The module that the server's writer thread begins with. */
import { BOARDS } from '../boards/index.ts'
import { runWriterThread } from './writer-thread.ts'

declare const self: Worker

runWriterThread(BOARDS, self)
