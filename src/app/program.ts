import type { Board } from '../boards/board.ts'

/** What the server is made of beyond its own code. A test runs it with further boards. */
export type Program = {
  readonly boards: readonly Board[]
  /** The file that was started, and that serving processes are started with again. */
  readonly entry: string
  /** The module that the writer thread begins with; it must have the same boards. */
  readonly writerThread: URL
}

/** Throws when two boards have the same name, or a socket path stands twice: a mistake of their authors. */
export function checkBoards(boards: readonly Board[]): void {
  const claims = boards.flatMap((board) => [board.name, ...Object.keys(board.presets)])
  const twice = claims.find((claim, index) => claim === '/ws' || claims.indexOf(claim) !== index)
  if (twice !== undefined) throw new Error(`two boards, or a board and the platform, claim ${twice}`)
}
