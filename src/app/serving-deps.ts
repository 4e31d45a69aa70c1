import type { Config } from '../config/config.ts'
import type { Emitter } from '../core/emitter.ts'
import type { Logger } from '../core/logger.ts'
import type { HostStatus } from '../processes/host-status.ts'
import type { SupervisorLink } from '../processes/supervisor-link.ts'
import type { LitefsSettings } from '../replication/litefs/settings.ts'
import type { Program } from './program.ts'

/** What every part of a serving process is given. */
export type ServingDeps = {
  readonly config: Config
  readonly program: Program
  readonly logger: Logger
  /** There may be new rows in the journal. */
  readonly commits: Emitter<void>
  /** To the supervisor; null when this server is alone. */
  readonly supervisor: SupervisorSide | null
  /** Where the database is replicated; null elsewhere. */
  readonly litefs: LitefsSettings | null
}

export type SupervisorSide = {
  readonly link: SupervisorLink
  /** The status of the host, with every heartbeat and whenever it changes. */
  readonly hosts: Emitter<HostStatus>
}
