import type { Millis } from '../core/clock.ts'
import type { NodeStatus } from './node-messages.ts'

/** How a node is, for its own processes and `/health`. */
export type NodeView = {
  readonly node: string
  readonly role: 'primary' | 'replica' | 'none'
  readonly primary: string | null
  /** How long ago the lease was last proven, ms; null when nobody is known to have it. */
  readonly leaseAge: Millis | null
  /** `detached`: the database must not be touched. */
  readonly storage: 'attached' | 'detached'
  /** For how long there has been no news of the primary's, ms; null while there is. */
  readonly staleFor: Millis | null
  readonly nodes: readonly NodeStatus[]
}
