import { createHash } from 'node:crypto'
import { getPublicKey, hashes, sign } from '@noble/ed25519'
import { type Auth, type AuthDeps, createAuth } from '../../src/auth/index.ts'
import { authHandlers } from '../../src/auth/service.ts'
import { verifySync } from '../../src/auth/verify.ts'
import { toBase64url } from '../../src/core/base64url.ts'
import type { Clock, Random } from '../../src/core/clock.ts'
import type { Command, CommandBus, CommandResult } from '../../src/core/command.ts'
import type { SessionId } from '../../src/core/ids.ts'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { ok, type Result } from '../../src/core/result.ts'
import type { Storage } from '../../src/core/storage.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createGroupCommit } from '../../src/journal/group-commit.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { createTail } from '../../src/journal/tail.ts'
import type { Challenge, SessionInfo } from '../../src/live/ports.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { manualClock, recordingLogger, seededBytes } from './journal.ts'

hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest())

/** Auth on a storage, with the real group commit, but in one thread. */
export type AuthBench = {
  readonly auth: Auth
  readonly clock: Clock & { time: number }
  /** Commits commands together, as one batch of the writer. */
  commit(commands: readonly Command[]): readonly CommandResult[]
  readonly bus: CommandBus
  /** Every command that was submitted. */
  readonly submitted: Command[]
  readonly revoked: string[]
}

export async function openAuthBench(
  storage: Storage<Stores>,
  overrides: Partial<AuthDeps> = {},
): Promise<AuthBench> {
  const clock = manualClock(1_700_000_000_000)
  const random: Random = overrides.random ?? seededBytes(7)
  const table = handlerTable<Stores>()
  for (const { kind, handle } of authHandlers) table.on(kind, ({ auth }, command) => handle(auth, command))
  const head = beginEpoch(storage, DEFAULT_WORKSPACE, clock, random)
  const writer = createGroupCommit({ storage, handlers: table.table, head, clock, logger: recordingLogger() })
  const submitted: Command[] = []
  const revoked: string[] = []
  let opened: Auth | null = null
  const tail = createTail({
    read: (work) => storage.read((stores) => work(stores.journal)),
    deliver: (entries) => opened?.onEntries(entries),
    onLost: () => opened?.forget(),
    defer: (next) => next(),
    failed(error) {
      throw error
    },
  })
  const commit = (commands: readonly Command[]) => {
    submitted.push(...commands)
    // Commands cross between threads as JSON text.
    const received: readonly Command[] = JSON.parse(JSON.stringify(commands))
    const results = writer.commit(received)
    tail.wake()
    return results
  }
  const bus: CommandBus = {
    async submit(command) {
      const [result] = commit([command])
      if (result === undefined) throw new Error('no answer')
      return result
    },
  }
  const auth = await createAuth({
    clock,
    random,
    bus,
    reader: { read: (work) => storage.read((stores) => work(stores.auth)) },
    verifier: { verify: async (check) => ok(verifySync(check)), depth: () => 0, close() {} },
    publicChannels: ['rewards.summary'],
    registrations: { take: () => 0, giveBack() {} },
    limitKeyOfAddress: (address) => address,
    limitKeyOfRequest: () => 'test',
    originOf: (request) => request.headers.get('origin') ?? 'http://localhost:8080',
    onRevoked: (publicKey) => revoked.push(publicKey),
    ...overrides,
  })
  if (!auth.ok) throw new Error(auth.error.message)
  opened = auth.value
  return { auth: auth.value, clock, commit, bus, submitted, revoked }
}

/** Returns the key whose 32 secret bytes are all this number. */
export function testKey(number: number) {
  const secret = new Uint8Array(32).fill(number)
  const publicKey = toBase64url(getPublicKey(secret))
  return { publicKey, sign: (message: Uint8Array) => toBase64url(sign(message, secret)) }
}

export type TestKey = ReturnType<typeof testKey>

let sessions = 0

/** Returns a session and the challenge of its `hello`. */
export function testSession(
  now: number,
  origin = 'http://localhost:8080',
): { session: SessionInfo; challenge: Challenge } {
  const id = `s${++sessions}` as SessionId
  const nonce = toBase64url(Uint8Array.from({ length: 32 }, (_, i) => (i * 7 + sessions) & 255))
  return {
    session: {
      id,
      clientType: 'web',
      format: 'json',
      address: '192.0.2.1',
      operator: false,
      principal: { type: 'anonymous' },
    },
    challenge: { nonce, origin, session: id, expires: now + 60_000 },
  }
}

/** Returns the `authenticate` message that answers a challenge. */
export function answer(
  key: TestKey,
  challenge: Challenge,
  register?: { username?: string; device_name?: string },
) {
  const signature = key.sign(loginText(challenge))
  const message = { type: 'authenticate', public_key: key.publicKey, signature } as const
  return register === undefined ? message : { ...message, register }
}

/** Returns the error of a result as text; empty if there is none. */
export function errorOf(result: Result<unknown>): string {
  return result.ok ? '' : `${result.error.code}: ${result.error.message}`
}
