import type { Board } from './board.ts'
import { rewards } from './rewards/board.ts'

/** The one list of boards. Stores, messages, settings, routes, metrics and pages are derived from it. */
export const BOARDS = [rewards] as const satisfies readonly Board[]
