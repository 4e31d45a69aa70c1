import { systemClock as clock, systemRandom as random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createLeaseFence, type LeaseFence } from '../replication/lease/lease-fence.ts'
import { createLease, type Lease } from '../replication/lease/lease-proof.ts'
import { createRecordObserver } from '../replication/lease/record-observer.ts'
import { watchRecord } from '../replication/lease/record-watcher.ts'
import { suspendAwareClock } from '../replication/lease/suspend-aware-clock.ts'
import type { LitefsSettings } from '../replication/litefs/settings.ts'

export type NodeLease = {
  readonly lease: Lease
  readonly fence: LeaseFence
  /** Watches the record beside the lease no more. */
  readonly stop: () => void
}

/** Makes the lease as this node sees it, and the fence that only lets its holder acknowledge. */
export function openLease(
  litefs: LitefsSettings,
  onLost: (reason: string) => void,
  logger: Logger,
): NodeLease {
  const now = () => performance.now()
  const lease = createLease(litefs, { random, fetch })
  const observer = createRecordObserver({ node: litefs.node, ttl: lease.ttl, now })
  const mayWait = litefs.candidate && Number.isFinite(lease.ttl)
  const stop = mayWait ? watchRecord({ lease, observer, wait: Bun.sleep, logger }) : () => {}
  const fence = createLeaseFence({
    lease,
    observer,
    now: suspendAwareClock(now, clock.now),
    wait: Bun.sleep,
    onLost,
    logger,
  })
  return { lease, fence, stop }
}
