/** The Redis of a relay, by the URL of the configuration. */
export type RedisAddress = {
  /** The URL for the connection: without the database. */
  readonly url: string
  /**
   * Comes before every topic. Redis keeps its databases apart, but not the channels of clusters that share
   * it: the number does that here.
   */
  readonly prefix: string
  /** Host and port alone, for the log. */
  readonly shown: string
  /** Returns a text, such as the message of an error, without the password. */
  redact(text: string): string
}

/**
 * Parses a URL that the configuration has checked:
 * `redis[s]://[[user][:password]@]host[:port][/number]`.
 */
export function addressOf(redisUrl: string): RedisAddress {
  const url = new URL(redisUrl)
  const number = url.pathname.slice(1) || '0'
  const secrets = [url.password, decodeURIComponent(url.password)].filter((secret) => secret !== '')
  url.pathname = ''
  return {
    url: url.href,
    prefix: `dashboard:${number}:`,
    shown: `${url.hostname}:${url.port || '6379'}`,
    redact: (text) => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text),
  }
}
