import type { Import } from './import-graph.ts'

/** A broken rule, in words that say how to fix it. */
export type Violation = { readonly file: string; readonly rule: string }

/** The imports that one room may have. */
type Room = {
  /** Rooms whose files may be imported. */
  readonly rooms: readonly string[]
  /**
   * Files of other rooms, or whole folders (ending in a slash), from which only types may be imported.
   */
  readonly types?: readonly string[]
  /** Packages that it must not import; a trailing `*` stands for any ending. */
  readonly without?: readonly string[]
}

const SQL = ['bun:sqlite', 'drizzle-orm*']
const RUNTIME = ['bun', 'bun:*', 'node:*']
const HTTP = ['elysia', '@elysiajs/*']

/**
 * `core <- protocol <- live <- boards`; `auth` and `journal` rest on `core`; adapters point inward and not at
 * each other; `client`, `web` and `cli` know `protocol` and `core` only. docs/ARCHITECTURE.md says why.
 */
const ROOMS: { readonly [room: string]: Room } = {
  core: { rooms: [], without: ['*'] },
  protocol: { rooms: ['core'], without: [...RUNTIME, ...SQL, ...HTTP] },
  live: {
    rooms: ['core', 'protocol'],
    types: ['src/journal/types.ts'],
    without: [...RUNTIME, ...SQL, ...HTTP],
  },
  journal: { rooms: ['core', 'protocol'], without: [...SQL, ...HTTP] },
  auth: {
    rooms: ['core', 'protocol'],
    types: ['src/live/ports.ts', 'src/journal/types.ts'],
    without: SQL,
  },
  boards: {
    rooms: ['core', 'protocol', 'live'],
    types: ['src/journal/types.ts'],
    without: SQL,
  },
  // The seam and the one list: the only way by which the server's other rooms know boards.
  'board seam': {
    rooms: ['core', 'protocol', 'live', 'board root'],
    types: ['src/config/', 'src/http/', 'src/journal/', 'src/storage/'],
    without: SQL,
  },
  // The files that put one board together.
  'board root': {
    rooms: ['core', 'protocol', 'live', 'config', 'boards', 'board storage'],
    types: ['src/boards/board.ts'],
    without: SQL,
  },
  storage: { rooms: ['core', 'journal', 'auth', 'board seam', 'db'], without: HTTP },
  'board storage': { rooms: ['core', 'journal', 'boards', 'storage', 'db'], without: HTTP },
  'board client': {
    rooms: ['core', 'protocol', 'client'],
    types: ['src/boards/'],
    without: [...RUNTIME, ...SQL, ...HTTP],
  },
  // One direction: commands may be forwarded and texts relayed without several processes or nodes.
  forwarding: { rooms: ['core', 'journal'], without: [...SQL, ...HTTP] },
  relay: { rooms: ['core'], without: [...SQL, ...HTTP] },
  replication: { rooms: ['core', 'journal', 'forwarding'], without: [...SQL, ...HTTP] },
  processes: {
    rooms: ['core', 'journal', 'forwarding', 'relay'],
    types: ['src/replication/node-view.ts'],
    without: [...SQL, ...HTTP],
  },
  metrics: { rooms: ['core', 'protocol', 'live'], without: [...SQL, ...HTTP] },
  http: {
    rooms: ['core', 'protocol', 'live'],
    types: ['src/config/', 'src/journal/', 'src/processes/', 'src/replication/'],
    without: SQL,
  },
  websocket: { rooms: ['core', 'protocol', 'live', 'http'], types: ['src/config/'], without: SQL },
  client: { rooms: ['core', 'protocol'], without: [...RUNTIME, ...SQL, ...HTTP] },
  // It finds the views of the boards in a module that the bundler makes.
  web: { rooms: ['core', 'protocol', 'client'], without: [...RUNTIME, ...SQL, ...HTTP] },
  'board web': {
    rooms: ['core', 'protocol', 'client', 'web', 'board client'],
    without: [...RUNTIME, ...SQL, ...HTTP],
  },
  cli: { rooms: ['core', 'protocol', 'client'], without: [...SQL, ...HTTP] },
  config: { rooms: ['core'], types: ['src/http/types.ts'], without: [...SQL, ...HTTP] },
  db: { rooms: ['core'], types: ['src/boards/', 'src/auth/', 'src/journal/'], without: HTTP },
}

/** The room that may import everything: it connects the parts of each role of the program. */
const COMPOSITION_ROOM = 'app'

/** The entry point of the program. */
const ENTRY = 'src/main.ts'

/** Endings of relative imports. An import without one would depend on a bundler's guess. */
const ENDINGS = /\.(ts|tsx|css|html|json|svg|png|webmanifest)$/

/** Returns the rule that an import breaks; null if it is allowed. */
export function violationOf(edge: Import): Violation | null {
  const broken = (rule: string): Violation => ({ file: edge.from, rule })
  if (edge.kind === 'file' && !ENDINGS.test(edge.to)) {
    return broken(`imports ${edge.to} without its file ending`)
  }
  const name = roomOf(edge.from)
  if (edge.from === ENTRY || name === COMPOSITION_ROOM) return null
  const room = ROOMS[name]
  if (room === undefined) return broken(`lies in no known room: give "${name}" its row in ROOMS`)
  if (edge.kind === 'package') {
    const match = room.without?.find((pattern) => matches(pattern, edge.to))
    return match === undefined ? null : broken(`${name} must do without ${edge.to}`)
  }
  return fileViolation(edge, name, room, broken)
}

function fileViolation(
  edge: Import,
  name: string,
  room: Room,
  broken: (rule: string) => Violation,
): Violation | null {
  const target = roomOf(edge.to)
  if (edge.to === ENTRY || target === COMPOSITION_ROOM)
    return broken(`${edge.to} connects all parts, so nothing may import it`)
  const mine = boardOf(edge.from)
  const other = boardOf(edge.to)
  if (mine !== null && other !== null && mine !== other)
    return broken(`board ${mine} must not know board ${other} (${edge.to})`)
  if (target === name) return null
  if (room.rooms.includes(target)) return null
  if (room.types?.some((place) => edge.to === place || (place.endsWith('/') && edge.to.startsWith(place)))) {
    return edge.typeOnly ? null : broken(`${name} may import only types from ${edge.to}: use import type`)
  }
  return broken(`${name} must not import ${target} (${edge.to})`)
}

function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  if (top !== 'src') return top
  // A board's tables and pages are in its folder, but may import more than the board itself.
  if (second !== 'boards') return second
  const [, , , inBoard = '', ...rest] = path.split('/')
  if (inBoard === '') return 'board seam'
  if (rest.length === 0) return 'board root'
  return ['storage', 'web', 'client'].includes(inBoard) ? `board ${inBoard}` : second
}

/** Returns the board in whose folder a file is; null elsewhere. */
function boardOf(path: string): string | null {
  return /^src\/boards\/([^/]+)\//.exec(path)?.[1] ?? null
}

function matches(pattern: string, specifier: string): boolean {
  return pattern.endsWith('*') ? specifier.startsWith(pattern.slice(0, -1)) : specifier === pattern
}
