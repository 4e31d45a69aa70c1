import type { LiveMetrics } from '../../src/live/ports.ts'

export const noMetrics: LiveMetrics = {
  sent() {},
  received() {},
  encoded() {},
  broadcast() {},
  subscribed() {},
  connected() {},
}
