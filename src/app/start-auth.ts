import { type Auth, createAuth, createVerifyPool, POOL_DEFAULTS } from '../auth/index.ts'
import { systemClock as clock, systemRandom as random } from '../core/clock.ts'
import { createEmitter, type Emitter } from '../core/emitter.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { limitKeyOf } from '../http/address.ts'
import { serverOrigin } from '../http/origin.ts'
import { createRequestLimits } from '../http/request-limits.ts'
import { shareOfThreads } from '../processes/process-count.ts'
import type { Listener } from './listen.ts'
import type { Journal } from './open-journal.ts'
import type { Failure } from './outcome.ts'
import type { ServingDeps } from './serving-deps.ts'

export type StartedAuth = Auth & {
  /** Public keys (base64url) that were revoked. */
  readonly revoked: Emitter<string>
  readonly stop: () => void
}

/** Starts logins and the pool that checks signatures. */
export async function startAuth(
  { config, supervisor }: ServingDeps,
  { writer, storage }: Journal,
  { clientOf }: Pick<Listener, 'clientOf'>,
): Promise<Result<StartedAuth, Failure>> {
  const threads = shareOfThreads(POOL_DEFAULTS.threads, supervisor?.link.welcome.processes ?? 1)
  const verifier = createVerifyPool({ ...POOL_DEFAULTS, threads })
  const revoked = createEmitter<string>()
  const perMinute = config.limits.registrationsPerMinute
  const auth = await createAuth({
    clock,
    random,
    bus: writer.bus,
    reader: { read: (work) => storage.read(({ auth }) => work(auth)) },
    verifier,
    publicChannels: config.publicChannels,
    registrations: createRequestLimits({ rate: perMinute / 60, burst: perMinute * 10 }, clock),
    limitKeyOfAddress: limitKeyOf,
    limitKeyOfRequest: (request) => clientOf(request)?.limitKey ?? 'unknown',
    originOf: (request) => serverOrigin(request.headers),
    onRevoked: revoked.emit,
  })
  if (!auth.ok) return fail([auth.error.message])
  return ok({ ...auth.value, revoked, stop: verifier.close })
}
