import { type Static, Type } from '@sinclair/typebox'
import { LIMITS } from '../limits.ts'
import { ack, between, correlation, list, message, natural, text } from '../schema.ts'

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
export const NetworkUpdateMessage = message('network_update', {
  networks: list(NetworkReport, { minItems: 1, maxItems: LIMITS.networks }),
  id: Type.Optional(correlation),
  ack: Type.Optional(ack),
})
export type NetworkUpdateMessage = Static<typeof NetworkUpdateMessage>
