import { type AppError, appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE, WORKSPACE_PATTERN, type WorkspaceId } from '../core/ids.ts'
import { fail, ok, type Result } from '../core/result.ts'

/** Encodings that a session may choose by `?format=`; `hello` lists them too. */
export const WIRE_FORMATS = ['msgpack', 'json', 'packed'] as const
export type WireFormat = (typeof WIRE_FORMATS)[number]

/** Types of clients that a session may choose by `?type=`; they differ in the rate of updates. */
export const CLIENT_TYPES = ['web', 'tui'] as const
export type ClientType = (typeof CLIENT_TYPES)[number]

/** Text for `json` sessions, bytes for the others. */
export type Frame = string | Uint8Array

export type ConnectionQuery = {
  readonly clientType: ClientType
  readonly format: WireFormat
  /** The workspace of messages that name none. */
  readonly workspace: WorkspaceId
}

/**
 * Reads `?type=`, `?format=` and `?workspace=` of an upgrade request; a missing one means `web`, `msgpack`
 * and `main` (rules P-1, S-15). Fails with MessageParseError for a word that is not in the list or cannot be
 * the name of a workspace.
 */
export function parseConnectionQuery(query: URLSearchParams): Result<ConnectionQuery> {
  const clientType = choose(CLIENT_TYPES, query.get('type') ?? 'web')
  if (clientType === null) return unknownWord('type', CLIENT_TYPES)
  const format = choose(WIRE_FORMATS, query.get('format') ?? 'msgpack')
  if (format === null) return unknownWord('format', WIRE_FORMATS)
  const workspace = query.get('workspace') ?? DEFAULT_WORKSPACE
  if (!WORKSPACE.test(workspace)) return fail(NO_WORKSPACE)
  return ok({ clientType, format, workspace: workspace as WorkspaceId })
}

/** Returns whether a frame's kind (text or binary) is that of sessions with this format (rule P-2). */
export function frameKindFits(frame: Frame, format: WireFormat): boolean {
  return (typeof frame === 'string') === (format === 'json')
}

/** Returns the error for a frame of the other kind; the socket is closed with 3502 after it (rule P-2). */
export function wrongFrameKind(format: WireFormat): AppError {
  const [wanted, got, other] = format === 'json' ? ['text', 'binary', 'msgpack'] : ['binary', 'text', 'json']
  return appError(
    'MessageParseError',
    `this session speaks ${format}, so send ${wanted} frames; for ${got} frames connect with ?format=${other}`,
  )
}

function choose<Word extends string>(words: readonly Word[], given: string): Word | null {
  return words.find((word) => word === given) ?? null
}

function unknownWord(name: string, words: readonly string[]) {
  return fail(appError('MessageParseError', `query parameter ${name} must be one of ${words.join(', ')}`))
}

const WORKSPACE = new RegExp(WORKSPACE_PATTERN)
const NO_WORKSPACE = appError(
  'MessageParseError',
  'query parameter workspace must be 1 to 64 letters, digits and . _ -, the first one a letter or digit',
)
