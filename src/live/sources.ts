import { channelAddress, parseChannelAddress } from '../core/channel-address.ts'
import { DEFAULT_WORKSPACE, type Scope } from '../core/ids.ts'
import type { ChannelSource } from './ports.ts'

/**
 * Returns the sources by name and by alias. Throws RangeError for a name or alias that is taken or cannot be
 * addressed, and for parameters without a `knows` that says which of them exist.
 */
export function sourcesByName(sources: readonly ChannelSource[]): ReadonlyMap<string, ChannelSource> {
  const byName = new Map<string, ChannelSource>()
  for (const source of sources) {
    for (const name of [source.name, ...(source.aliases ?? [])]) {
      if (byName.has(name)) throw new RangeError(`two channels are named ${name}`)
      if (parseChannelAddress(name)?.parameters.length !== 0)
        throw new RangeError(`no name of a channel: ${JSON.stringify(name)}`)
      byName.set(name, source)
    }
    if (parameterCount(source) > 0 && source.knows === undefined)
      throw new RangeError(`${source.name} has parameters, so it needs \`knows\``)
  }
  return byName
}

/** Returns the names by alias, as `hello` tells them; null when there are none. */
export function aliasesOf(sources: readonly ChannelSource[]): { readonly [alias: string]: string } | null {
  const pairs = sources.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias, name] as const))
  return pairs.length === 0 ? null : Object.fromEntries(pairs)
}

export function parameterCount(source: ChannelSource): number {
  return source.parameters?.length ?? 0
}

/** Returns whether the source has such a channel. Throws what its `knows` throws. */
export function exists(source: ChannelSource, scope: Scope, parameters: readonly string[]): boolean {
  if (parameters.length !== parameterCount(source)) return false
  return source.knows === undefined ? scope.workspace === DEFAULT_WORKSPACE : source.knows(scope, parameters)
}

/**
 * Returns the address with an alias replaced by the name of the channel (rule S-14); any other text
 * unchanged.
 */
export function resolveAlias(sources: ReadonlyMap<string, ChannelSource>, address: string): string {
  const parsed = parseChannelAddress(address)
  const source = parsed === null ? undefined : sources.get(parsed.name)
  if (parsed === null || source === undefined || source.name === parsed.name) return address
  return channelAddress(source.name, parsed.parameters)
}
