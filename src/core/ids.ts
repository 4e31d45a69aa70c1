declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type UserId = Branded<'UserId'>
export type KeyId = Branded<'KeyId'>
export type DeviceId = Branded<'DeviceId'>
export type WorkspaceId = Branded<'WorkspaceId'>
export type SessionId = Branded<'SessionId'>

/** A channel's public name, as clients say it: `rewards.summary`. */
export type ChannelName = Branded<'ChannelName'>

/**
 * A channel's full name inside the server: `workspace/name` for a document that a workspace shares,
 * `workspace/name/user` for one a user has alone. The workspace is in the name, so that no topic is ever shared
 * between two of them.
 */
export type ChannelKey = Branded<'ChannelKey'>

/** Whose document a channel key means. */
export type Scope = { readonly workspace: WorkspaceId; readonly user: UserId | null }

export const DEFAULT_WORKSPACE = 'main' as WorkspaceId

export function channelKey(name: ChannelName, scope: Scope): ChannelKey {
  const base = `${scope.workspace}/${name}`
  return (scope.user === null ? base : `${base}/${scope.user}`) as ChannelKey
}

/** The inverse of {@link channelKey}; null for text that is no channel key. */
export function parseChannelKey(key: string): { readonly name: ChannelName; readonly scope: Scope } | null {
  const [workspace, name, user, extra] = key.split('/')
  if (!workspace || !name || extra !== undefined || user === '') return null
  return {
    name: name as ChannelName,
    scope: { workspace: workspace as WorkspaceId, user: user === undefined ? null : (user as UserId) },
  }
}
