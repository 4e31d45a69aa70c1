import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Millis } from '../../core/clock.ts'
import type { StoragePosition } from '../../core/command.ts'
import { DATABASE } from './settings.ts'

/** The role of a LiteFS. `primary`: the name of the node that leads, null when this one knows none. */
export type LitefsRole = { readonly isPrimary: boolean; readonly primary: string | null }

/**
 * The identity of a LiteFS. Nodes of one cluster have the same id in `cluster`, which a stranger who cannot
 * reach LiteFS does not know; null for a new node that has found no primary yet.
 */
export type LitefsIdentity = { readonly cluster: string | null; readonly candidate: boolean }

/** An event of LiteFS. Events come in order, and missed ones are not repeated. */
export type LitefsEvent =
  | { readonly type: 'role'; readonly isPrimary: boolean; readonly primary: string | null }
  | { readonly type: 'commit'; readonly position: StoragePosition }

/**
 * A LiteFS's HTTP interface. Everything rejects when it cannot be reached in time or says something else than
 * it should.
 */
export type LitefsApi = {
  role(): Promise<LitefsRole & LitefsIdentity>
  /**
   * Resolves with the position of its copy of our database; null before there is one. Asked over HTTP, since
   * a read of a dead mount would hang.
   */
  position(): Promise<StoragePosition | null>
  /** Asks the present primary to hand over to this node; resolves when it has. */
  promote(): Promise<void>
  /** Calls `onEvent` with every event until the stream ends. The first one is the present role. */
  follow(onEvent: (event: LitefsEvent) => void, signal: AbortSignal): Promise<void>
}

/** For an answer: many times what LiteFS takes on a busy machine. */
const ANSWER_TIMEOUT: Millis = 1_500
/** The same for a hand-over, which waits for the other node as well. */
const PROMOTE_TIMEOUT: Millis = 4_000

/**
 * Returns the interface of the LiteFS v0.5.14 at `url`. Its http/server.go is the only description of the
 * routes.
 */
export function litefsApi(url: string): LitefsApi {
  const ask = async (
    path: string,
    init: RequestInit = {},
    timeout: Millis = ANSWER_TIMEOUT,
  ): Promise<Response> => {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(timeout) })
    if (response.ok) return response
    throw new Error(`LiteFS answered ${response.status} to ${path}: ${(await response.text()).trim()}`)
  }
  return {
    async role() {
      const info = checked(Info, await (await ask('/info')).json())
      return {
        isPrimary: info.isPrimary,
        cluster: nameOf(info.clusterID),
        candidate: info.candidate,
        primary: nameOf(info.primary?.hostname),
      }
    },
    async position() {
      const { store } = checked(Variables, await (await ask('/debug/vars')).json())
      const database = store.dbs[DATABASE]
      return database === undefined ? null : { txid: database.txid, checksum: database.checksum }
    },
    async promote() {
      await (await ask('/promote', { method: 'POST' }, PROMOTE_TIMEOUT)).arrayBuffer()
    },
    async follow(onEvent, signal) {
      const response = await fetch(`${url}/events`, { signal })
      if (!response.ok || response.body === null)
        throw new Error(`LiteFS answered ${response.status} to /events`)
      for await (const line of linesOf(response.body)) {
        const event = eventOf(line)
        if (event !== null) onEvent(event)
      }
    },
  }
}

/**
 * Returns the event of a line; null for one of another database, or of an unknown type. Throws for other
 * text.
 */
function eventOf(line: string): LitefsEvent | null {
  const parsed: unknown = JSON.parse(line)
  if (Value.Check(RoleEvent, parsed)) {
    const { isPrimary, hostname } = parsed.data
    return { type: 'role', isPrimary, primary: nameOf(hostname) }
  }
  if (Value.Check(TxEvent, parsed) && parsed.db === DATABASE) {
    const { txID, postApplyChecksum } = parsed.data
    return { type: 'commit', position: { txid: txID, checksum: postApplyChecksum } }
  }
  return null
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
  }
}

const nameOf = (name: string | undefined) => (name === undefined || name === '' ? null : name)

function checked<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (Value.Check(schema, value)) return value
  throw new Error('LiteFS gave an unexpected answer: is another program at its port?')
}

const hex = Type.String({ pattern: '^[0-9a-f]{16}$' })

const Info = Type.Object({
  clusterID: Type.Optional(Type.String()),
  isPrimary: Type.Boolean(),
  candidate: Type.Boolean(),
  primary: Type.Optional(Type.Object({ hostname: Type.Optional(Type.String()) })),
})

const Variables = Type.Object({
  store: Type.Object({
    dbs: Type.Record(Type.String(), Type.Object({ txid: hex, checksum: hex })),
  }),
})

const RoleEvent = Type.Object({
  type: Type.Union([Type.Literal('init'), Type.Literal('primaryChange')]),
  data: Type.Object({ isPrimary: Type.Boolean(), hostname: Type.Optional(Type.String()) }),
})

const TxEvent = Type.Object({
  type: Type.Literal('tx'),
  db: Type.String(),
  data: Type.Object({ txID: hex, postApplyChecksum: hex }),
})
