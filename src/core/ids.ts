import { channelAddress, NO_PARAMETERS, parseChannelAddress } from './channel-address.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type UserId = Branded<'UserId'>
export type KeyId = Branded<'KeyId'>
export type DeviceId = Branded<'DeviceId'>
export type WorkspaceId = Branded<'WorkspaceId'>
export type SessionId = Branded<'SessionId'>

/** A channel's public name, without parameters: `trading.book`. */
export type ChannelName = Branded<'ChannelName'>

/**
 * A channel's full name inside the server: `workspace/address` for a document that a workspace shares,
 * `workspace/address/user` for one that a user has alone. The workspace is part of it, so that no topic is
 * ever shared between two workspaces. Within the address `%` and `/` are written `%25` and `%2F`.
 */
export type ChannelKey = Branded<'ChannelKey'>

/** The owner of the document of a channel key: a workspace, or one user in it. */
export type Scope = { readonly workspace: WorkspaceId; readonly user: UserId | null }

export const DEFAULT_WORKSPACE = 'main' as WorkspaceId

/** Names of workspaces: 1 to 64 letters, digits and `. _ -`, the first one a letter or digit (rule S-15). */
export const WORKSPACE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** Returns the key of a channel; `parameters` in the order in which the channel's source names them. */
export function channelKey(
  name: ChannelName,
  scope: Scope,
  parameters: readonly string[] = NO_PARAMETERS,
): ChannelKey {
  const base = `${scope.workspace}/${escapeAddress(channelAddress(name, parameters))}`
  return (scope.user === null ? base : `${base}/${scope.user}`) as ChannelKey
}

export type ParsedChannelKey = {
  readonly name: ChannelName
  readonly parameters: readonly string[]
  readonly scope: Scope
}

/** The inverse of {@link channelKey}; returns null for text that is no channel key. */
export function parseChannelKey(key: string): ParsedChannelKey | null {
  const [workspace, escaped, user, extra] = key.split('/')
  if (!workspace || !escaped || extra !== undefined || user === '') return null
  const address = parseChannelAddress(unescapeAddress(escaped))
  if (address === null) return null
  return {
    name: address.name as ChannelName,
    parameters: address.parameters,
    scope: { workspace: workspace as WorkspaceId, user: user === undefined ? null : (user as UserId) },
  }
}

function escapeAddress(address: string): string {
  return address.includes('/') || address.includes('%')
    ? address.replaceAll('%', '%25').replaceAll('/', '%2F')
    : address
}

function unescapeAddress(escaped: string): string {
  return escaped.includes('%') ? escaped.replaceAll('%2F', '/').replaceAll('%25', '%') : escaped
}
