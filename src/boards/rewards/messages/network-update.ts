import { type Static, Type } from '@sinclair/typebox'
import { boardMessage } from '../../../protocol/board-message.ts'
import { LIMITS } from '../../../protocol/limits.ts'
import { between, list, natural, text } from '../../../protocol/schema.ts'
import { MAX_NETWORKS_PER_UPDATE } from '../domain/rules.ts'

/** One network as a device measured it since its last report. */
export const NetworkReport = Type.Object({
  name: text('name of the network', LIMITS.nameLength),
  loss: between('packets lost, in percent', 0, 100),
  rtt: between('round trip, in milliseconds', 0, 60_000),
  bytes_in: natural('bytes received since the last report'),
  bytes_out: natural('bytes sent since the last report'),
})
export type NetworkReport = Static<typeof NetworkReport>

/** What the connected device measured. */
export const NetworkUpdateMessage = boardMessage('network_update', {
  networks: list(NetworkReport, { minItems: 1, maxItems: MAX_NETWORKS_PER_UPDATE }),
})
export type NetworkUpdateMessage = Static<typeof NetworkUpdateMessage>
