/**
 * Limits that both sides know. Those a server may set by configuration are told in `hello`; these are the
 * defaults. Strings are counted in UTF-16 units, as JavaScript does.
 */
export const LIMITS = {
  /** Bytes of one message from a client; above it the socket is closed with 1009 (rule P-3). */
  messageBytes: 64 * 1024,
  /** Channels that one session may hold. */
  subscriptions: 64,
  /** Messages a client may send a second, on average. */
  messagesPerSecond: 20,
  /** Levels of arrays and objects in one message (rule P-9). */
  depth: 64,
  channelsPerMessage: 64,
  channelNameLength: 128,
  idLength: 64,
  nameLength: 64,
  tokenLength: 4096,
  /** Messages to boards, of one session, that may wait for their `ack`. */
  unanswered: 16,
} as const

/** Seconds between two signs of life that the server expects of a client. */
export const HEARTBEAT_SECONDS = 30

/** Seconds in which a session has to log in, unless it holds a public channel. */
export const LOGIN_SECONDS = 10

/** How often a channel is flushed to its subscribers, in milliseconds, by client type. */
export const FLUSH_MILLIS = { tui: 100, web: 250 } as const
