/** Where a relay is, taken apart from the URL of the configuration. */
export type RedisAddress = {
  /** For the connection: without the database. */
  readonly url: string
  /**
   * Before every topic. Redis keeps its databases apart, but not the channels of clusters that share it: the
   * number does that here.
   */
  readonly prefix: string
  /** Host and port alone, for people. */
  readonly shown: string
  /** A text that came from elsewhere, without the password. */
  redact(text: string): string
}

/**
 * Takes a URL apart that the configuration has checked:
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
