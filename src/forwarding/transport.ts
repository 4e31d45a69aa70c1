/**
 * One end of a connection that carries texts in order: a channel between two processes, or a WebSocket.
 * Nothing here throws, and after the end `send` does nothing.
 */
export type Transport = {
  send(text: string): void
  /** Registers what is called with every text, in order. */
  onText(receive: (text: string) => void): void
  /** Registers what is called once, when the connection has ended; the reason is for the log. */
  onEnd(ended: (reason: string) => void): void
  /** Ends the connection, and tells the other end why. */
  close(reason: CloseReason): void
  /** Ends the connection without a word, because the other end does not listen. */
  abort(): void
}

/** Close codes of WebSocket (RFC 6455, 7.4.1): other transports have a meaning for none of them. */
export type CloseReason = { readonly code: 1000 | 1002 | 1008; readonly text: string }
