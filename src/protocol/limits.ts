/**
 * Limits that both sides know. Those that a server's configuration may change stand in `hello`; these are the
 * defaults. Lengths of strings are in UTF-16 units, as in JavaScript.
 */
export const LIMITS = {
  /** Bytes of one message of a client; a larger one closes the socket with 1009 (rule P-3). */
  messageBytes: 64 * 1024,
  /** Channels that one session may be subscribed to. */
  subscriptions: 64,
  /** Messages that a client may send a second, on average. */
  messagesPerSecond: 20,
  /** Levels of arrays and objects in one message (rule P-9). */
  depth: 64,
  channelsPerMessage: 64,
  channelNameLength: 128,
  idLength: 64,
  nameLength: 64,
  tokenLength: 4096,
  /** Messages of one session to boards that may wait for their answer. */
  unanswered: 16,
} as const

/** Longest pause between two frames that the server expects of a client, in seconds. */
export const HEARTBEAT_SECONDS = 30

/** Time in which a session has to log in unless it is subscribed to a public channel, in seconds. */
export const LOGIN_SECONDS = 10

/** Shortest time between two updates of one channel to its subscribers, by client type, ms. */
export const FLUSH_INTERVAL = { tui: 100, web: 250 } as const
