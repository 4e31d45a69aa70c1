/** A channel as clients address it, taken apart: `trading.candles:BTCUSDT:1m`. */
export type ChannelAddress = { readonly name: string; readonly parameters: readonly string[] }

/**
 * Returns the one address of a channel with these parameters: the name, then each parameter after a colon,
 * with a backslash before every colon and backslash within a parameter (rule S-12). A channel without
 * parameters has its name as the address.
 */
export function channelAddress(name: string, parameters: readonly string[]): string {
  if (parameters.length === 0) return name
  return `${name}:${parameters.map(escapeParameter).join(':')}`
}

/**
 * The inverse of {@link channelAddress}. Returns null for text that it never makes: an empty name or
 * parameter, a backslash in the name, or a backslash before anything but a colon or a backslash. So every
 * channel has one address.
 */
export function parseChannelAddress(text: string): ChannelAddress | null {
  const end = text.indexOf(':')
  const name = end < 0 ? text : text.slice(0, end)
  if (name === '' || name.includes('\\')) return null
  if (end < 0) return { name, parameters: NO_PARAMETERS }
  const parameters = parseParameters(text.slice(end + 1))
  return parameters === null ? null : { name, parameters }
}

/** Shared by all channels without parameters. */
export const NO_PARAMETERS: readonly string[] = []

function escapeParameter(parameter: string): string {
  return parameter.replace(/[:\\]/g, '\\$&')
}

function parseParameters(text: string): readonly string[] | null {
  const parameters: string[] = []
  let parameter = ''
  for (let at = 0; at <= text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') {
      at++
      const escaped = text.charAt(at)
      if (escaped !== ':' && escaped !== '\\') return null
      parameter += escaped
    } else if (char === ':' || at === text.length) {
      if (parameter === '') return null
      parameters.push(parameter)
      parameter = ''
    } else {
      parameter += char
    }
  }
  return parameters
}
