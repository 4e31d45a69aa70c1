import type { ClientMessage, DeviceMessage } from './client-messages.ts'

/**
 * The message with the fields of its schema alone. A message may wait, for a slow reader to drain or for the writer, and what is
 * ignored of it (rule P-6) must not wait with it: 64 KB of empty arrays are a megabyte and more once they are parsed.
 */
export function knownFields(message: ClientMessage): ClientMessage {
  switch (message.type) {
    case 'authenticate': {
      const { type } = message
      if ('token' in message) return { type, token: message.token }
      const { public_key, signature, register } = message
      return { type, public_key, signature, ...(register === undefined ? {} : { register: wish(register) }) }
    }
    case 'subscribe': {
      const { type, channels, cursors } = message
      return {
        type,
        channels,
        ...workspaceOf(message),
        ...(cursors && { cursors: cursorsOf(channels, cursors) }),
        ...idOf(message),
      }
    }
    case 'unsubscribe':
      return { type: message.type, channels: message.channels, ...workspaceOf(message), ...idOf(message) }
    case 'refresh':
      return {
        type: message.type,
        ...(message.channels && { channels: message.channels }),
        ...workspaceOf(message),
      }
    case 'heartbeat':
      return { type: message.type }
    case 'connect': {
      const { type, device_id, name } = message
      return { type, device_id, ...(name === undefined ? {} : { name }), ...idOf(message), ...ackOf(message) }
    }
    case 'network_update': {
      const networks = message.networks.map(({ name, loss, rtt, bytes_in, bytes_out }) => ({
        name,
        loss,
        rtt,
        bytes_in,
        bytes_out,
      }))
      return { type: message.type, networks, ...idOf(message), ...ackOf(message) }
    }
    case 'disconnect':
      return { type: message.type, ...idOf(message), ...ackOf(message) }
    default:
      return message satisfies never
  }
}

type Subscribe = Extract<ClientMessage, { readonly type: 'subscribe' }>
type Wish = { readonly username?: string; readonly device_name?: string }

function wish({ username, device_name }: Wish): Wish {
  return {
    ...(username === undefined ? {} : { username }),
    ...(device_name === undefined ? {} : { device_name }),
  }
}

/** The cursors of the channels that are asked for; names are data, so that `__proto__` is one like others. */
function cursorsOf(
  channels: Subscribe['channels'],
  cursors: NonNullable<Subscribe['cursors']>,
): NonNullable<Subscribe['cursors']> {
  return Object.fromEntries(
    channels.flatMap((channel) => {
      const cursor = Object.hasOwn(cursors, channel) ? cursors[channel] : undefined
      return cursor === undefined ? [] : [[channel, { epoch: cursor.epoch, seq: cursor.seq }]]
    }),
  )
}

function workspaceOf({ workspace }: { readonly workspace?: string }): { readonly workspace?: string } {
  return workspace === undefined ? {} : { workspace }
}

function idOf({ id }: { readonly id?: string }): { readonly id?: string } {
  return id === undefined ? {} : { id }
}

function ackOf({ ack }: Pick<DeviceMessage, 'ack'>): Pick<DeviceMessage, 'ack'> {
  return ack === undefined ? {} : { ack }
}
