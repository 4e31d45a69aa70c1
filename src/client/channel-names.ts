import { DEFAULT_WORKSPACE } from '../core/ids.ts'

/**
 * The fields by which the server's messages name a channel; without a workspace it is one of `main` (rule
 * S-16).
 */
export type ChannelFields = { readonly channel: string; readonly workspace?: string }

/** Returns one text for a channel of a workspace; no two of them share it. */
export function keyOf(channel: string, workspace: string = DEFAULT_WORKSPACE): string {
  return `${workspace}/${channel}`
}

/** The server's aliases of channels (rule S-14), from alias to name and back. */
export class ChannelNames {
  #nameByAlias: { readonly [alias: string]: string } = {}
  readonly #aliasesByName = new Map<string, string[]>()

  /** Takes over the aliases that `hello` has. */
  learn(nameByAlias: { readonly [alias: string]: string }): void {
    this.#nameByAlias = nameByAlias
    this.#aliasesByName.clear()
    for (const [alias, name] of Object.entries(nameByAlias)) {
      const aliases = this.#aliasesByName.get(name) ?? []
      this.#aliasesByName.set(name, [...aliases, alias])
    }
  }

  /** Returns the channel's own name, without parameters. */
  nameOf(channel: string): string {
    const [name] = split(channel)
    return Object.hasOwn(this.#nameByAlias, name) ? (this.#nameByAlias[name] ?? name) : name
  }

  /** Returns the address that the server uses for the channel. */
  addressOf(channel: string): string {
    return this.nameOf(channel) + split(channel)[1]
  }

  /** Returns every address, aliases included, by which the channel may have been subscribed to. */
  spellingsOf(address: string): readonly string[] {
    if (this.#aliasesByName.size === 0) return [address]
    const [name, parameters] = split(address)
    const aliases = this.#aliasesByName.get(name) ?? []
    return [address, ...aliases.map((alias) => alias + parameters)]
  }
}

/** The name, and the parameters with the colon before them. */
function split(address: string): readonly [name: string, parameters: string] {
  const end = address.indexOf(':')
  return end < 0 ? [address, ''] : [address.slice(0, end), address.slice(end)]
}
