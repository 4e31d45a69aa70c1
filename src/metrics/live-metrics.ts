import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { LiveMetrics } from '../live/ports.ts'

/** Seconds from commit to publish: a few ms, or up to a flush interval (100 or 250 ms). */
const BROADCAST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1, 2.5, 5]
const ENCODE_SECONDS = [0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1]
const MESSAGE_BYTES = [32, 64, 128, 256, 512, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576]

/**
 * The engine's counts as Prometheus metrics, registered in `registry`. Everything here is called once per
 * publish or per message, never once per receiving socket, so a label lookup (0.2 us) is cheap enough.
 */
export function createLiveMetrics(registry: Registry): LiveMetrics {
  const registers = [registry]
  const connectedClients = new Gauge({
    name: 'dashboard_connected_clients',
    help: 'Open sockets by the type they asked for',
    labelNames: ['client_type'],
    registers,
  })
  const activeConnections = new Gauge({
    name: 'dashboard_active_connections',
    help: 'Open sockets altogether',
    registers,
  })
  const messagesSent = new Counter({
    name: 'dashboard_messages_sent_total',
    help: 'Messages handed to sockets, one for each receiver',
    labelNames: ['client_type', 'message_type'],
    registers,
  })
  const messagesReceived = new Counter({
    name: 'dashboard_messages_received_total',
    help: 'Messages taken from sockets; "invalid" for what could not be read',
    labelNames: ['message_type'],
    registers,
  })
  const broadcastLatency = new Histogram({
    name: 'dashboard_broadcast_latency_seconds',
    help: 'From the commit of a change to the publish of the frame that carries it',
    labelNames: ['client_type'],
    buckets: BROADCAST_SECONDS,
    registers,
  })
  const serializationDuration = new Histogram({
    name: 'dashboard_serialization_duration_seconds',
    help: 'Time to encode one message',
    labelNames: ['format'],
    buckets: ENCODE_SECONDS,
    registers,
  })
  const messageSize = new Histogram({
    name: 'dashboard_message_size_bytes',
    help: 'Size of one encoded message',
    labelNames: ['format', 'message_type'],
    buckets: MESSAGE_BYTES,
    registers,
  })
  const clientSubscriptions = new Gauge({
    name: 'dashboard_client_subscriptions',
    help: 'Subscriptions held by sockets, by channel',
    labelNames: ['channel'],
    registers,
  })
  return {
    sent: (clientType, messageType, count) =>
      messagesSent.inc({ client_type: clientType, message_type: messageType }, count),
    received: (messageType) => messagesReceived.inc({ message_type: messageType }),
    encoded(format, messageType, bytes, seconds) {
      serializationDuration.observe({ format }, seconds)
      messageSize.observe({ format, message_type: messageType }, bytes)
    },
    broadcast: (clientType, seconds) => broadcastLatency.observe({ client_type: clientType }, seconds),
    subscribed: (channel, delta) => clientSubscriptions.inc({ channel }, delta),
    connected(clientType, delta) {
      connectedClients.inc({ client_type: clientType }, delta)
      activeConnections.inc(delta)
    },
  } satisfies LiveMetrics
}
